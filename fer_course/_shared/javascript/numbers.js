// Arrays that Python hands over: { shape, dtype, data } with the bytes, little-endian, in base64.

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export const floats = (text) => new Float32Array(bytes(text).buffer);

const TYPES = { float32: Float32Array, uint8: Uint8Array, uint16: Uint16Array, int8: Int8Array, int16: Int16Array, int32: Int32Array };

export const array = ({ shape, dtype, data }) => ({ shape, data: new TYPES[dtype](bytes(data).buffer) });

// A number as one reads it in a cell: three digits that count, a true minus sign.
export const short = (number) => {
  const digits = Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 2;
  return number.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");
};

// The other way, for what Python reads.
export const encode = (values, shape, dtype) => {
  let letters = "";
  for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) letters += String.fromCharCode(byte);
  return { shape, dtype, data: btoa(letters) };
};

// "1 map", "2 maps", "3,589 faces"; `many` where an s is not enough.
export const counted = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

// "1 pixel up and 8 pixels to the right".
export const direction = ([down, right]) => [
  down && `${counted(Math.abs(down), "pixel")} ${down > 0 ? "down" : "up"}`,
  right && `${counted(Math.abs(right), "pixel")} to the ${right > 0 ? "right" : "left"}`,
].filter(Boolean).join(" and ");
