"""From a photograph to upright grey 48 × 48 faces, framed as FER2013 frames them, ready to be scored::

    photo = read_photograph("me.jpg")                       # uint8, upright, at most 1,024 pixels long
    boxes = find_faces(photo)                               # the largest first
    faces = np.stack([crop_face(photo, box) for box in boxes])
    evaluation.predict(model, faces)

For the pictures of a camera there is `Stream`, which tracks faces from picture to picture and smooths their scores::

    stream = Stream(evaluation.scorer(model))
    for photo in photos:
        faces = stream.see(photo)                           # a list of `Seen`

===============  =======================================================================
``photographs``  read a photograph, make it grey
``boxes``        boxes of faces: overlaps, crops
``detection``    find faces
``scenes``       faces pasted into a scene at known boxes
``stream``       track faces and smooth their scores
``timing``       latency of single calls
===============  =======================================================================

Nothing is stored, and nothing leaves the machine. No Keras here, and no camera.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["boxes", "detection", "photographs", "scenes", "stream", "timing"],
    submod_attrs={
        "photographs": ["LONGEST", "grey", "read_photograph"],
        "boxes": ["MARGIN", "Box", "common_area", "crop_face", "match", "overlap", "without_overlaps"],
        "detection": ["DETAIL", "NEAR", "WINDOW", "find_faces", "find_near"],
        "scenes": ["paste"],
        "stream": [
            "FULL_SEARCH_EVERY",
            "NOTICE",
            "PATIENCE",
            "QUICK_DETAIL",
            "Score",
            "Seen",
            "Stream",
            "in_words",
            "see",
            "smooth",
        ],
        "timing": ["Latency", "latency"],
    },
)
