// What the camera panel shows: a picture with numbered boxes, bars, class maps, and a camera that is on only after a click.
// A frame is sent when the one before it has been answered; what is drawn is the frame that was scored.

const COLOURS = ["#0072B2", "#D55E00", "#009E73"]; // as in fer_course.plots
const SHARPNESS = 640; // pixels of the longest side of what is drawn
const PATIENCE = 10_000; // milliseconds without an answer after which the camera goes off
const NO_CAMERA =
  "This page may not use a camera: browsers allow it on https, 127.0.0.1 and localhost only. Drawn faces and photographs work.";
const REFUSED = {
  NotAllowedError: "The camera was not allowed, so it stays off. Drawn faces and photographs work without it.",
  NotFoundError: "No camera was found. Drawn faces and photographs work without one.",
  NotReadableError: "The camera can't be read: does another program use it? Drawn faces and photographs work without it.",
};

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const fit = (width, height, longest) => {
  const scale = longest / Math.max(width, height);
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
};

function render({ model, el }) {
  const page = Math.random().toString(36).slice(2); // several views of one panel each get their own answers
  const camera = make("button", { type: "button", "aria-pressed": "false" }, "camera on");
  const pause = make("button", { type: "button", "aria-pressed": "false", disabled: "" }, "pause");
  const maps = make("input", { type: "checkbox" });
  const canvas = make("canvas", { role: "img", "aria-label": "no picture yet" });
  const status = make("p", { role: "status" });
  const legend = make("p", { class: "fer-legend", hidden: "" },
    "Class activation map of the class with the highest score: red places speak for it, blue ones against it.");
  const rate = make("p", { class: "fer-rate" });
  const bars = make("div", { class: "fer-bars" });
  el.replaceChildren(make("div", { class: "fer-view" },
    make("div", { class: "fer-tools" }, camera, pause, make("label", {}, maps, "class activation map")),
    make("div", { class: "fer-both" }, canvas, bars), legend, status, rate));

  const video = make("video", { playsinline: "" });
  video.muted = true;
  const frame = make("canvas");
  let shown = { picture: null, size: [1, 1], faces: [] };
  let stream = null, turn = 0, asked = 0, watchdog = 0, answered = [];

  const say = (sentence) => { if (status.textContent !== sentence) status.textContent = sentence; }; // spoken once

  // ---------------------------------------------------------------------------------------------------- drawing

  const drawMap = (pen, { frame: [top, left, side], map }, scale) => {
    const small = make("canvas", { width: map[0].length, height: map.length });
    const pixels = small.getContext("2d").createImageData(small.width, small.height);
    map.flat().forEach((value, place) => {
      const colour = value > 0 ? [178, 24, 43] : [33, 102, 172];
      pixels.data.set([...colour, 190 * Math.min(1, Math.abs(value))], 4 * place);
    });
    small.getContext("2d").putImageData(pixels, 0, 0);
    pen.drawImage(small, left * scale, top * scale, side * scale, side * scale);
  };

  const drawBox = (pen, { number, box: [top, left, side], missed }, scale) => {
    pen.strokeStyle = pen.fillStyle = COLOURS[number % COLOURS.length];
    pen.lineWidth = 4;
    pen.setLineDash(missed ? [10, 8] : []);
    pen.strokeRect(left * scale, top * scale, side * scale, side * scale);
    pen.font = "bold 24px sans-serif";
    const [x, y] = [Math.max(0, left * scale - 2), Math.max(0, top * scale - 32)];
    pen.fillRect(x, y, 16 + pen.measureText(number).width, 32);
    pen.fillStyle = "white";
    pen.fillText(number, x + 8, y + 25);
  };

  const draw = () => {
    const { picture, size, faces } = shown;
    canvas.hidden = !picture;
    legend.hidden = !(maps.checked && faces.some((face) => face.map));
    if (!picture) return;
    [canvas.width, canvas.height] = fit(...size, SHARPNESS);
    const pen = canvas.getContext("2d");
    const scale = canvas.width / size[0];
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    if (maps.checked) faces.filter((face) => face.map).forEach((face) => drawMap(pen, face, scale));
    faces.forEach((face) => drawBox(pen, face, scale));
  };

  const drawBars = (faces) => {
    const numbers = faces.map((face) => face.number).join();
    if (bars.dataset.numbers !== numbers) {
      bars.dataset.numbers = numbers;
      bars.replaceChildren(...faces.map(({ number }) => make("div", { role: "group", "aria-label": `face ${number}` },
        make("strong", {}, `face ${number}`), ...model.get("class_names").map((name) => make("div", { class: "fer-row" },
          make("span", {}, name),
          make("div", { class: "fer-bar", role: "meter", "aria-label": name, "aria-valuemin": 0, "aria-valuemax": 100 }, make("div")),
          make("span", { class: "fer-percent", "aria-hidden": "true" }))))));
    }
    faces.forEach(({ number, scores }, place) => scores.forEach((score, row) => {
      const [, bar, percent] = bars.children[place].querySelectorAll(".fer-row")[row].children;
      percent.textContent = `${Math.round(100 * score)} %`;
      bar.setAttribute("aria-valuenow", Math.round(100 * score));
      bar.firstChild.style.cssText = `width: ${100 * score}%; background: ${COLOURS[number % COLOURS.length]}`;
    }));
  };

  const show = (picture, size, { faces, words }) => {
    shown = { picture, size, faces };
    canvas.setAttribute("aria-label", `picture, ${words}`);
    draw();
    drawBars(faces);
  };

  // ---------------------------------------------------------------------------------------------------- camera

  const release = () => { // the camera's light goes out
    turn += 1;
    clearTimeout(watchdog);
    stream?.getTracks().forEach((track) => track.stop());
    stream = video.srcObject = null;
    rate.textContent = "";
  };

  const buttons = (on, paused) => {
    camera.textContent = on ? "camera off" : "camera on";
    pause.textContent = paused ? "go on" : "pause";
    pause.disabled = !on;
    camera.setAttribute("aria-pressed", on);
    pause.setAttribute("aria-pressed", paused);
  };

  const off = (sentence) => {
    release();
    buttons(false, false);
    model.send({ kind: "off" });
    say(sentence);
  };

  const send = async (mine) => {
    if (mine !== turn) return;
    if (!el.isConnected) return off("");
    if (!video.videoWidth) return setTimeout(send, 50, mine);
    [frame.width, frame.height] = fit(video.videoWidth, video.videoHeight, model.get("frame"));
    const pen = frame.getContext("2d");
    pen.setTransform(-1, 0, 0, 1, frame.width, 0); // as in a mirror
    pen.drawImage(video, 0, 0, frame.width, frame.height);
    const blob = await new Promise((done) => frame.toBlob(done, "image/jpeg", 0.8));
    const bytes = await blob.arrayBuffer();
    if (mine !== turn) return;
    asked += 1;
    watchdog = setTimeout(() => off("The kernel has not answered for ten seconds, so the camera went off. Is a cell still running?"), PATIENCE);
    model.send({ kind: "frame", page, frame: asked }, undefined, [bytes]);
  };

  const start = async () => {
    release();
    const mine = turn;
    if (!navigator.mediaDevices?.getUserMedia) return off(NO_CAMERA);
    buttons(true, false);
    say("The browser asks whether this page may use the camera.");
    try {
      const found = await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: { ideal: 640 }, facingMode: "user" } });
      if (mine !== turn || !el.isConnected) return found.getTracks().forEach((track) => track.stop()); // it was switched off meanwhile
      stream = found;
      stream.getVideoTracks()[0].addEventListener("ended", () => mine === turn && off("The camera was taken away."));
      video.srcObject = stream;
      await video.play();
    } catch (error) {
      if (mine === turn) off(REFUSED[error.name] ?? `The camera can't be used (${error.name}). Drawn faces and photographs work without it.`);
      return;
    }
    if (mine !== turn) return;
    answered = [];
    say("The camera is on.");
    send(mine);
  };

  const answer = ({ frame: number, seconds, sentence, ...seen }) => {
    if (number !== asked || !stream) return;
    clearTimeout(watchdog);
    show(frame, [frame.width, frame.height], seen);
    say(sentence || (seen.faces.length ? "The camera is on." : "The camera is on. No face found: look into it, and not too far away."));
    const now = performance.now();
    answered = [...answered, now].filter((then) => now - then < 3000);
    if (answered.length > 5 && seconds) {
      const speed = (1000 * (answered.length - 1)) / (now - answered[0]);
      rate.textContent = `${speed.toFixed(0)} frames a second; the last one: finding ${Math.round(1000 * seconds.find)} ms, scoring ${Math.round(1000 * seconds.score)} ms`;
      rate.dataset.speed = speed.toFixed(2);
    }
    requestAnimationFrame(() => send(turn)); // rests while the page is hidden
  };

  const still = async (content, [bytes]) => {
    if (!content.page && stream) off("");
    const mine = turn;
    const picture = bytes ? await createImageBitmap(new Blob([bytes])) : null;
    if (stream || mine !== turn) return;
    show(picture, content.size ?? [1, 1], content);
    if (content.sentence || !content.page) say(content.sentence);
  };

  const take = (content, buffers) => {
    if (content.page && content.page !== page) return;
    if (content.kind === "answer") answer(content);
    if (content.kind === "still") still(content, buffers ?? []);
  };

  camera.addEventListener("click", () => {
    if (camera.getAttribute("aria-pressed") === "false") return start();
    off("The camera is off.");
    model.send({ kind: "ready", page }); // back to the picture before
  });
  pause.addEventListener("click", () => {
    if (pause.getAttribute("aria-pressed") === "true") return start();
    release();
    buttons(true, true);
    say("Paused: the camera is off until you go on.");
  });
  maps.addEventListener("change", draw);
  model.on("msg:custom", take);
  if (model.get("away")) {
    camera.disabled = true;
    say(`This notebook runs on ${model.get("away")}, which is not your machine: the camera stays off. Drawn faces work everywhere.`);
  }
  model.send({ kind: "ready", page });
  return () => {
    model.off("msg:custom", take);
    release();
  };
}

export default { render };
