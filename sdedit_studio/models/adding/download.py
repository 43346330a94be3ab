"""`models download`: fetching a repository of the Hugging Face hub, resumably, and importing it."""

from __future__ import annotations

import fnmatch
import hashlib
import io
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdedit_studio.models.adding.add import Watch, add
from sdedit_studio.models.adding.imported import ImportOptions
from sdedit_studio.models.catalogue import ModelCard, ModelProblem, user_folder
from sdedit_studio.models.detail import DetailCard

Fetched = Callable[[int, int], None]
"""Called with the bytes fetched so far, and the bytes in all."""

_FOLDERS = ("", "detail", "unet", "vae", "scheduler", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2")
_TEXTS = ("*.json", "merges.txt")
_WEIGHTS = ("diffusion_pytorch_model*", "model*", "pytorch_model*")
_PREFERRED = (".fp16.safetensors", ".safetensors", ".fp16.bin", ".bin")
"""One of several files with the same weights is fetched: half precision first, which is no worse for pictures."""


ENDPOINT: str | None = None
"""The address of the hub; None for Hugging Face's own."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository, of `size` bytes. `sha256`: known for large files only."""

    name: str
    size: int
    sha256: str | None = None


def download(
    repository: str,
    options: ImportOptions | None = None,
    models_dir: Path | None = None,
    *,
    fetched: Fetched = lambda here, total: None,
    watch: Watch = lambda words: None,
) -> ModelCard | DetailCard:
    """Fetch the files of a model from `repository` ("owner/name") and add it, with `options` as for `add`.

    Fetched files are kept until the model is added, so that the same call resumes. Raises ModelProblem, for example
    offline.
    """
    options = options or ImportOptions()
    models_dir = models_dir or user_folder()
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ModelProblem(f"“{repository}” is no repository: give owner/name, such as google/ddpm-church-256.")
    folder = models_dir / ".downloads" / repository
    information = _answer(repository, lambda: _information(repository))
    files = needed([_remote_file(each) for each in information.siblings or ()])
    if not files:
        raise ModelProblem(f"{repository} holds no model of a known kind.")
    total = sum(file.size for file in files)
    _check_space(models_dir, total)
    before = 0
    for file in files:
        watch(file.name)

        def report(here: int, before: int = before) -> None:
            fetched(before + here, total)

        _answer(repository, lambda file=file, report=report: _fetch(repository, file, information.sha, folder, report))
        before += file.size
    licence = options.licence or getattr(information.card_data, "license", None)
    options = replace(options, name=options.name or repository.rpartition("/")[2].lower(), licence=licence)
    card = add(folder, options, models_dir, source=repository, watch=watch)
    shutil.rmtree(folder, ignore_errors=True)
    return card


def needed(files: Sequence[RemoteFile]) -> Sequence[RemoteFile]:
    """The files of a repository that a model is read from, with each set of weights once."""
    found = []
    for folder in _FOLDERS:
        inside = [file for file in files if file.name.rpartition("/")[0] == folder]
        found += [file for file in inside if _is_text(file)]
        found += _weights([file for file in inside if _matches(file, _WEIGHTS) and not _is_text(file)])
    return found


def _weights(files: Sequence[RemoteFile]) -> Sequence[RemoteFile]:
    for suffix in _PREFERRED:
        plain = [file for file in files if file.name.endswith(suffix) and _variant(file) == suffix]
        if plain:
            return plain
    return ()


def _variant(file: RemoteFile) -> str:
    """What follows the name proper: ".fp16.safetensors" of "unet/model-00001-of-00002.fp16.safetensors"."""
    return "." + file.name.rpartition("/")[2].partition(".")[2]


def _is_text(file: RemoteFile) -> bool:
    return _matches(file, _TEXTS)


def _matches(file: RemoteFile, patterns: Sequence[str]) -> bool:
    name = file.name.rpartition("/")[2]
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _remote_file(entry: Any) -> RemoteFile:
    return RemoteFile(entry.rfilename, entry.size or 0, entry.lfs.sha256 if entry.lfs else None)


def _information(repository: str) -> Any:
    from huggingface_hub import HfApi

    return HfApi(endpoint=ENDPOINT).model_info(repository, files_metadata=True)


def _fetch(repository: str, file: RemoteFile, revision: str, folder: Path, report: Callable[[int], None]) -> None:
    """Fetch one file, resuming a partial one, which the hub's own client cannot. `report` is given the bytes so far."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers, disable_progress_bars
    from huggingface_hub.utils.logging import set_verbosity_error

    disable_progress_bars()
    set_verbosity_error()  # it logs each of its own retries
    target = folder / file.name
    if not (target.is_file() and target.stat().st_size == file.size):
        part = target.with_name(f"{target.name}.{revision[:12]}.part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with _Counted(part, report) as out:
            url = hf_hub_url(repository, file.name, revision=revision, endpoint=ENDPOINT)
            http_get(url, out, resume_size=out.tell(), headers=build_hf_headers(), expected_size=file.size)
        if file.sha256 is not None and _sha256(part) != file.sha256:
            part.unlink()
            raise ModelProblem(f"{file.name} did not arrive as it was sent: try again.")
        part.replace(target)
    report(file.size)


class _Counted(io.FileIO):
    """A file to append to that reports its length as it grows."""

    def __init__(self, path: Path, report: Callable[[int], None]) -> None:
        super().__init__(path, "ab")
        self._report = report

    def write(self, data: Any) -> int:
        count = super().write(data)
        self._report(self.tell())
        return count


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_space(folder: Path, needed_bytes: int) -> None:
    """Raises ModelProblem unless twice the bytes are free: fetched files are kept until the model is added."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < 2 * needed_bytes:
        gib = 2**30
        raise ModelProblem(
            f"There is not enough space in {existing}: {2 * needed_bytes / gib:.1f} GiB are needed and "
            f"{free / gib:.1f} GiB are free."
        )


def _answer(repository: str, request: Callable[[], Any]) -> Any:
    """The answer of `request` to the hub. Raises ModelProblem, with one sentence, when the hub or the network fails."""
    from huggingface_hub import errors

    try:
        return request()
    except errors.GatedRepoError as error:
        raise ModelProblem(
            f"{repository} is given only to those who accept its terms: do so on its page, then run "
            "`hf auth login` and try again."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ModelProblem(f"There is no repository {repository} on the hub, or it is private.") from error
    except (errors.EntryNotFoundError, errors.RevisionNotFoundError, errors.HfHubHTTPError) as error:
        if isinstance(error, errors.LocalEntryNotFoundError):
            raise _offline(error) from error
        raise ModelProblem(f"The hub would not give {repository} ({_first_line(error)}): try again later.") from error
    except OSError as error:
        if error.errno is not None and error.filename is not None:
            raise ModelProblem(f"What was downloaded could not be written: {error.strerror}.") from error
        raise _offline(error) from error
    except Exception as error:
        if type(error).__module__.startswith(("httpx", "httpcore", "requests", "hf_xet")):
            raise _offline(error) from error
        raise


def _offline(error: Exception) -> ModelProblem:
    return ModelProblem(
        f"The hub cannot be reached ({_first_line(error)}). Check the connection and try again: it "
        "goes on where it stopped."
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
