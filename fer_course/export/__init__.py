"""Networks as files for other runtimes: LiteRT (phones, small boards, Python), LiteRT in 8-bit integers, ONNX, and a page.

    exported = export(run, "model.onnx", to="onnx")         # Keras' own exporter, compared with Keras before it counts
    network = load("model.onnx")                            # from here on, neither Keras nor TensorFlow is needed
    scores = network(faces.images)                              # uint8 (N, 48, 48) to float32 (N, 7)

Modules: `files` (LiteRT and ONNX) and `networks` (a network as numbers for the page's own JavaScript).
"""

from fer_course.export.files import (
    ENDINGS,
    FACES,
    TOLERANCE,
    Exported,
    Network,
    check,
    default_path,
    export,
    load,
)

__all__ = ["ENDINGS", "FACES", "TOLERANCE", "Exported", "Network", "check", "default_path", "export", "load"]
