"""The studies that come with the product, computed once so that nobody has to wait for them."""

from pathlib import Path


def shipped() -> Path:
    """Their folder, a study a folder in it: beside the package's files when installed, else in the repository."""
    package = Path(__file__).parents[1]
    installed = package / "reference"
    return installed if installed.is_dir() else package.parent / "results" / "reference"


def is_shipped(folder: Path) -> bool:
    """Does a study come with the product?"""
    return shipped().resolve() in folder.resolve().parents
