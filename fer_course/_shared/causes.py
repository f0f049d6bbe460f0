"""Why a library can't be loaded, and what to do, judged by an exception's text and by the files in the folders around.

Used where Keras is loaded, by `fer-course doctor`, and by the command line; imports nothing but the standard library.
"""

from __future__ import annotations

import os
import re
import signal
import site
import sys
from collections.abc import Iterator
from pathlib import Path

from fer_course._shared import extras

#: The course and its libraries by the names of their modules: a file of such a name hides the library.
LIBRARIES = (
    "absl", "anywidget", "fer_course", "filelock", "google", "h5py", "IPython", "ipykernel", "ipywidgets", "jax",
    "jupyter_client", "keras", "matplotlib",
    "ml_dtypes", "nbclient", "nbconvert", "nbformat", "numpy", "packaging", "pandas", "papermill", "PIL",
    "platformdirs", "psutil", "requests", "scipy", "seaborn", "skimage", "tensorboard", "tensorflow", "torch", "tqdm",
    "traitlets", "typing_extensions", "wrapt", "yaml", "zmq",
)  # fmt: skip
#: This package.
_OWN = Path(__file__).resolve().parents[1]
#: Text in a traceback, or in a library's last output -> what is wrong and what to do. The first match counts.
KNOWN = (
    (r"DLL load failed|WinError 126|WinError 1114",
     "Windows could not load a library. Install Microsoft's Visual C++ Redistributable (x64, the newest) and start Windows "
     "again. If that does not help, the processor may lack AVX: use another machine, Colab or Binder."),
    (r"compiled using NumPy 1|numpy\.dtype size changed|multiarray failed to import|_ARRAY_API not found|"
     r"numpy\.core\.\w+ failed to import",
     "A library here was built for another NumPy. {again}."),
    (r"Descriptors cannot (not )?be created directly|Detected (incompatible|mismatched) Protobuf|runtime_version|"
     r"google\.protobuf",
     "The installed protobuf does not fit TensorFlow. {install}."),
    (r"GLIBC(XX)?_[\d.]+'? not found|libstdc\+\+\.so",
     "This Linux is older than what TensorFlow's wheels need. Use a newer system, a container, Colab or Binder."),
    (r"incompatible architecture|wrong architecture|mach-o, but|not a valid Win32 application|WinError 193|"
     r"wrong ELF class|Exec format error",
     "Python and its libraries are for different processors (on a Mac, a Python for Intel under Rosetta; on Windows, a 32-bit "
     "Python). Install the Python made for this machine, then make the environment again."),
    (r"cannot allocate memory in static TLS block",
     "A library was loaded too late. Start Python with the library that is named, for example: LD_PRELOAD=/path/libgomp.so.1"),
    (r"failed to map segment from shared object|Operation not permitted: .*\.so",
     "The environment is in a folder where programs may not run. Make it in another folder."),
    (r"Unknown flags? in TF_XLA_FLAGS",
     "The variable TF_XLA_FLAGS holds a flag that this TensorFlow does not know. Unset TF_XLA_FLAGS."),
    (r"Unknown flags? in XLA_FLAGS",
     "The variable XLA_FLAGS holds a flag that this TensorFlow does not know. Unset XLA_FLAGS."),
    (r"MemoryError|bad_alloc|Cannot allocate memory|paging file is too small|WinError 1455",
     "There is too little memory. Close other programs, shut down kernels of other lessons, or use a larger machine."),
    (r"invalid ELF header|file too short|bad marshal data|source code string cannot contain null bytes|EOF read where",
     "A file of the environment is damaged, as after a full disk. {again}."),
    (r"No space left on device|Disk quota exceeded", "The disk is full. Make room, and start again."),
    (r"Too many open files", "Too many files are open. Close other programs, or raise the limit: ulimit -n 4096"),
    (r"No usable temporary directory",
     "No folder for temporary files can be written. Make room on the disk, or name a folder that you may write to: TMPDIR"),
    (r"PermissionError|Permission denied|WinError 5\b",
     "This user may not read a file of the environment. Make an environment of your own, or ask who made this one."),
)  # fmt: skip
#: How a process was ended -> the same. Windows gives its status as a number with or without a sign.
_NO_AVX = "The processor may lack AVX, which TensorFlow needs. Use another machine, Colab or Binder."
_NO_MEMORY = "Most often there was too little memory. Close other programs, shut down kernels, or use a larger machine."
_CRASH = "A library crashed. Most often two libraries do not fit together. {again}."
ENDS = {4: _NO_AVX, 6: _CRASH, 7: _CRASH, 9: _NO_MEMORY, 11: _CRASH}
_WINDOWS = {0xC000001D: 4, 0xC0000005: 11, 0xC0000409: 6, 0xC0000017: 9, 0xC00000FD: 11}


def of_error(error: BaseException) -> str:
    """Return what an exception says and what to do about it, in two or three sentences."""
    import traceback

    text = "".join(traceback.format_exception(error))
    return f"{telling_line(text).rstrip('.')}. {advice(text)}".strip()


def telling_line(text: str) -> str:
    """Return the line of a program's output that says what went wrong: that of the last exception, or the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt)\b(:|$)", line)]
    fatal = [line for line in lines if re.search(r"\bF\d{4} |[Ff]atal|Unknown flags? in", line)]
    return next(iter([*named[-1:], *fatal[:1], *lines[-1:]]), "It printed nothing")[:300]


def advice(text: str, folder: Path | None = None) -> str:
    """Return what to do about a program's failure; empty if the cause is not known.

    Args:
        text: the program's traceback, or what it wrote to stderr.
        folder: where the program was started; default: the current folder.

    """
    if "SetupError" in telling_line(text):
        return ""  # it says itself what to do
    folder = folder or Path.cwd()
    return (
        _find_hiding_file(text, folder)
        or _find_foreign_library(text)
        or _find_missing_module(text)
        or (limit_advice() if re.search(_OF_MEMORY, text) else "")
        or _fill_in(next((words for pattern, words in KNOWN if re.search(pattern, text)), ""))
        or _guess_hiding_file(folder)
    )


#: What libraries print when a limit of the shell leaves too little memory.
_OF_MEMORY = r"failed to map segment|MemoryError|bad_alloc|Cannot allocate memory|can't start new thread"
#: Bytes of address space that TensorFlow reserves: more than it uses.
_ADDRESSES = 8_000_000_000


def limit_advice() -> str:
    """Return what to do about a limit of the shell that leaves TensorFlow too little memory; empty if there is none."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return ""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY or limit >= _ADDRESSES:
        return ""
    return (
        f"The shell gives programs {limit / 1e9:.1f} GB of addresses, and TensorFlow needs more. "
        "Lift the limit: ulimit -v unlimited, or ask who set it."
    )


def _fill_in(words: str) -> str:
    return words.format(install=extras.advice(), again=extras.again())


def cause_of_end(status: int) -> tuple[str, str] | None:
    """Return what ended a process, and what to do, judged by its exit status; None if it ended by itself."""
    unsigned = status & 0xFFFFFFFF
    number = _WINDOWS.get(unsigned) or (-status if -64 < status < 0 else status - 128 if 128 < status < 160 else 0)
    if not number:
        return None
    if unsigned in _WINDOWS:
        return f"its process was ended by Windows (status {unsigned}, 0x{unsigned:X})", _fill_in(ENDS[number])
    name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
    return f"its process was ended by signal {number} ({name})", _fill_in(ENDS.get(number, _CRASH))


def hiding_files(folder: str | Path) -> list[Path]:
    """Return the files and packages of a folder that hide a module of Python's standard library, or a library of the course."""
    names = {*sys.stdlib_module_names, *LIBRARIES} - {"__main__", "site", "this", "test", "antigravity"}
    try:
        entries = sorted(Path(folder).iterdir())
    except OSError:
        return []
    return [
        path for path in entries
        if path.resolve() != _OWN and (
            (path.suffix == ".py" and path.stem in names) or (path.name in names and (path / "__init__.py").is_file())
        )
    ]  # fmt: skip


def foreign_folders() -> Iterator[tuple[Path, str]]:
    """Yield the folders outside this environment from which modules are imported, and what adds each folder to the path."""
    for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        if entry:
            yield Path(entry), "the variable PYTHONPATH names"
    if site.ENABLE_USER_SITE and site.USER_SITE in sys.path:
        yield Path(site.USER_SITE), "is for all your environments"


def _find_hiding_file(text: str, folder: Path) -> str:
    """Name the file of a folder that hides a module, if the text mentions that module or that file."""
    for path in hiding_files(folder):
        name = re.escape(path.stem)
        # Each traceback shows files of this package. Only an error with its name in quotes is about the package.
        if re.search(rf"'{name}'" if path.stem == _OWN.name else rf"\b{name}\b", text):
            return f"{path} hides the module {path.stem}, which is needed. Rename it."
    return ""


def has_packages(folder: Path) -> bool:
    """Return True if a folder holds packages that pip installed."""
    return any(folder.glob("*.dist-info"))


def _find_missing_module(text: str) -> str:
    found = re.findall(r"No module named '?([\w.]+)'?", text)
    if not found:
        return ""
    chosen = os.environ.get("KERAS_BACKEND")
    if chosen and chosen != "tensorflow" and found[-1].split(".")[0] == chosen:
        return f"The variable KERAS_BACKEND is {chosen}, which is not installed here. Unset KERAS_BACKEND."
    name = found[-1].split(".")[0]
    return f"{name} is not installed here. {extras.advice(extras.extra_with(name))}."


def _guess_hiding_file(folder: Path) -> str:
    """Name a file that hides a module, if no other cause is known."""
    for each, why in ((folder, ""), *foreign_folders()):
        hidden = [] if why and has_packages(each) else hiding_files(each)
        if hidden:
            instead = f", or {advice_without(why)[0].lower()}{advice_without(why)[1:]}" if why else ""
            return f"Perhaps it is {hidden[0]}, which hides the module {hidden[0].stem}. Rename it{instead}."
    return ""


def _find_foreign_library(text: str) -> str:
    """Name the folder outside this environment from which the failing library came."""
    for folder, why in foreign_folders():
        found = re.search(rf"{re.escape(str(folder))}[/\\]({'|'.join({*LIBRARIES} - {_OWN.name})})\b", text)
        hidden = "" if has_packages(folder) else _find_hiding_file(text, folder)
        if hidden:
            cause = hidden.partition(", which")[0]
        elif found:
            cause = f"The library {found[1]} comes from {folder}"
        else:
            continue
        return f"{cause}; the folder is one that {why}. {advice_without(why)}."
    return ""


def advice_without(why: str) -> str:
    """Return how to leave out a folder that `foreign_folders` yielded, given what adds it to the path."""
    return "Unset PYTHONPATH" if "PYTHONPATH" in why else "Set PYTHONNOUSERSITE=1"
