"""FER2013 from Kaggle, with the library kagglehub (extra `kaggle`): needs a network and, if Kaggle asks for it, an account."""

from __future__ import annotations

from pathlib import Path

from fer_course._shared import extras
from fer_course.errors import DataError

#: A copy as folders of pictures, which Kaggle offers without an account.
DATASET = "msambare/fer2013"
OTHER_WAYS = (
    "Three ways need neither Kaggle's library nor its account: drawn faces (nothing to do); a copy that you or your teacher "
    "already has (`fer-course data import PATH`, or set FER_COURSE_DATA to it); and Kaggle in a browser: add the data set "
    f"to a Kaggle notebook, or log in at kaggle.com/datasets/{DATASET}, download it, and import the file."
)


def download(name: str = DATASET) -> Path:
    """Download a data set from Kaggle into kagglehub's cache, or find it there.

    Args:
        name: OWNER/NAME of a data set, or the name of a competition, whose rules must have been accepted.

    Returns:
        the folder with its files.

    Raises:
        DataError: if kagglehub is not installed, there is no network, Kaggle asks for an account, or anything else goes
            wrong; it says what, and names other ways. It never repeats text that may hold keys or signed addresses.

    """
    try:
        import kagglehub
    except ImportError as error:
        raise DataError(
            f"Downloading needs kagglehub, Kaggle's library. {extras.advice('kaggle')}. {OTHER_WAYS}"
        ) from error
    try:
        fetch = kagglehub.dataset_download if "/" in name else kagglehub.competition_download
        return Path(fetch(name))
    # kagglehub lets errors of its own, of requests, of Kaggle's SDK and of the system through.
    except Exception as error:
        raise DataError(f"{name} could not be downloaded from Kaggle: {_reason(error)}. {OTHER_WAYS}") from error


def _reason(error: Exception) -> str:
    """Return why, judged only by the type of the error: its text may hold a signed address."""
    kind = type(error).__name__
    kinds = {each.__name__ for each in type(error).__mro__}
    status = getattr(getattr(error, "response", None), "status_code", None)
    if kind == "UnauthenticatedError" or status in (401, 403):
        return "Kaggle asks for an account (see kagglehub.login) and that its rules are accepted"
    if status == 404:
        return "there is no data set or competition of that name"
    if kinds & {"ConnectionError", "Timeout"}:  # requests' or the system's
        return "Kaggle can't be reached; look at the network"
    return f"kagglehub gave up ({kind}{f', status {status}' if status else ''})"
