"""The paper form: tagged, with headings and words for pictures, in both scripts; what fails is told in a sentence."""

import sys
import time
from pathlib import Path

import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from sim.report import browser as browser_module
from sim.report import pdf
from sim.report.browser import HOW_TO_GET, find_browser, version_of
from sim.report.pdf import print_pdf
from sim.study.durable import StoreError

PAGE = """<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><title>한 회사, two ways</title>
<style>body { font-family: system-ui, "Apple SD Gothic Neo", "Malgun Gothic", NanumGothic, sans-serif; }</style>
</head><body>
<h1>결정 시간이 짧아집니다</h1>
<section><h2>What differs</h2><p>Decisions take less time.</p>
<h3>Drawn</h3>
<div class="bands"><svg viewBox="0 0 300 40" role="img" aria-label="Two bands: 1 to 2, 3 to 4.">
<text x="0" y="12">chance</text><rect x="20" y="15" width="60" height="10"/></svg></div>
<div class="chart"></div>
<table><caption>Numbers</caption><thead><tr><th scope="col">measure</th></tr></thead><tr><td>4.1</td></tr></table>
</section>
<img src="http://192.0.2.1/never.png" alt="asked of the network">
<script>
document.querySelector(".chart").innerHTML =
  '<svg viewBox="0 0 300 40" role="img" aria-label="만족도 그림"><path d="M0,20h200" stroke="black"/></svg>';
</script>
</body></html>
"""


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "a page & more.html"
    path.write_text(PAGE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def printed(system_browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("print")
    page, out = folder / "page.html", folder / "to be made" / "결과.pdf"
    page.write_text(PAGE, encoding="utf-8")
    print_pdf(page, out)
    assert [path.name for path in out.parent.iterdir()] == ["결과.pdf"]
    return PdfReader(out)


def elements(node):
    """Every element of the structure tree as (role, words instead of it), in reading order."""
    node = node.get_object()
    if isinstance(node, ArrayObject):
        for child in node:
            yield from elements(child)
    elif isinstance(node, DictionaryObject):
        if "/S" in node:
            yield node["/S"], node.get("/Alt")
        if "/K" in node:
            yield from elements(node["/K"])


# --- what is printed --------------------------------------------------------------------------------------------------


def test_it_is_tagged_and_says_its_title_and_language(printed):
    root = printed.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "ko"
    assert printed.metadata.title == "한 회사, two ways"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert [entry.title for entry in flat(printed.outline)] == ["결정 시간이 짧아집니다", "What differs", "Drawn"]


def flat(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


def test_headings_tables_and_pictures_are_elements(printed):
    found = list(elements(printed.trailer["/Root"]["/StructTreeRoot"]["/K"]))
    roles = [role for role, _ in found]
    assert [role for role in roles if role in ("/H1", "/H2", "/H3")] == ["/H1", "/H2", "/H3"]
    assert {"/P", "/Table", "/TR", "/TH", "/TD", "/Caption"} <= set(roles)
    figures = [words for role, words in found if role == "/Figure"]
    assert figures[:2] == ["Two bands: 1 to 2, 3 to 4.", "만족도 그림"]
    assert all(figures)


def test_words_can_be_read_in_both_scripts(printed):
    text = " ".join(sheet.extract_text() for sheet in printed.pages)
    assert "결정시간이짧아집니다" in "".join(text.split())  # a font for each script: gaps are seen where they meet
    assert "Decisions take less time." in text
    assert "file:" not in text  # no header or footer of the browser


# --- what does not print ----------------------------------------------------------------------------------------------


def stand_in(folder: Path, body: str) -> Path:
    """A browser that is a script."""
    path = folder / "stand-in"
    path.write_text(f"#!{sys.executable}\nimport sys, time, subprocess\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def refused(page: Path, out: Path) -> str:
    with pytest.raises(StoreError) as caught:
        print_pdf(page, out)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sorted(path.name for path in page.parent.iterdir() if path.name not in ("stand-in", page.name)) == []
    return sentence


scripts = pytest.mark.skipif(sys.platform == "win32", reason="a script is no program on Windows")
FAILING = {
    "ends with 1": ("print('first'); print('no display', file=sys.stderr); sys.exit(1)",
                    "it ended with code 1; it said last: no display"),
    "says nothing": ("sys.exit(7)", "it ended with code 7; it said nothing"),
    "writes nothing": ("print('done')", "it wrote no PDF; it said last: done"),
    "writes no PDF": ("paper = next(word for word in sys.argv if word.startswith('--print-to-pdf='))\n"
                      "open(paper.partition('=')[2], 'w').write('<html>')", "it wrote no PDF; it said nothing"),
}  # fmt: skip


@scripts
@pytest.mark.parametrize(("body", "why"), FAILING.values(), ids=FAILING)
def test_a_browser_that_fails_gives_a_sentence(page, tmp_path, monkeypatch, body, why):
    program = stand_in(tmp_path, body)
    monkeypatch.setenv("BROWSER_PATH", str(program))
    sentence = refused(page, tmp_path / "page.pdf")
    assert sentence.startswith(f"{program} did not print {page} ({why}); set BROWSER_PATH to another")


@scripts
def test_a_browser_that_hangs_is_ended_with_what_it_started(page, tmp_path, monkeypatch):
    import psutil

    child = "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    program = stand_in(tmp_path, f"{child}\nprint(child.pid, flush=True)\ntime.sleep(600)")
    monkeypatch.setenv("BROWSER_PATH", str(program))
    monkeypatch.setattr(pdf, "TIMEOUT_SECONDS", 1.5)
    began = time.perf_counter()
    sentence = refused(page, tmp_path / "page.pdf")
    assert time.perf_counter() - began < 20
    assert "it was not done after 1.5 seconds; it said last: " in sentence
    pid = int(sentence.partition("it said last: ")[2].partition(")")[0])
    assert not psutil.pid_exists(pid) or ended(psutil.Process(pid))


def ended(process) -> bool:
    """Killed, though perhaps not yet taken notice of."""
    import psutil

    try:
        return process.status() == psutil.STATUS_ZOMBIE or process.wait(5) is None
    except psutil.NoSuchProcess:
        return True


@scripts
def test_a_browser_that_does_not_start_gives_a_sentence(page, tmp_path, monkeypatch):
    program = tmp_path / "stand-in"
    program.write_text("#!/nowhere/at/all\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(program))
    assert "it does not start: No such file or directory; it said nothing" in refused(page, tmp_path / "page.pdf")


@scripts
def test_what_was_printed_before_stays_where_printing_fails(page, tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", str(stand_in(tmp_path, "sys.exit(1)")))
    out = tmp_path / "made" / "page.pdf"
    out.parent.mkdir()
    out.write_bytes(b"%PDF of before")
    with pytest.raises(StoreError):
        print_pdf(page, out)
    assert out.read_bytes() == b"%PDF of before"


def test_no_browser_and_no_page_and_no_folder(page, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("sim.report.browser.find_browser", lambda: None)
        assert refused(page, tmp_path / "page.pdf") == HOW_TO_GET
    monkeypatch.setattr("sim.report.browser.find_browser", lambda: Path(sys.executable))
    with pytest.raises(StoreError, match="is not there to be printed"):
        print_pdf(tmp_path / "none.html", tmp_path / "page.pdf")
    with pytest.raises(StoreError, match="cannot be written"):
        print_pdf(page, page / "page.pdf")


# --- finding one ------------------------------------------------------------------------------------------------------


@scripts
def test_the_variable_comes_first_then_path(tmp_path, monkeypatch):
    named = stand_in(tmp_path, "print('Stand-in 1.2 built on nothing')")
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "google-chrome").symlink_to(named)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("BROWSER_PATH", str(named))
    assert find_browser() == named
    assert version_of(named) == "Stand-in 1.2"
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "gone"))
    assert find_browser() == folder / "google-chrome"


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_usual_places_of_other_systems(tmp_path, monkeypatch, platform):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    monkeypatch.setenv("PROGRAMFILES", str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(browser_module.sys, "platform", platform)
        places = [str(place) for place in browser_module._usual_places()]
    assert any("Chrome" in place for place in places)
    assert any("Edge" in place for place in places)
    monkeypatch.setattr(browser_module, "_usual_places", lambda: [Path(sys.executable)])
    assert find_browser() == Path(sys.executable)
    monkeypatch.setattr(browser_module, "_usual_places", list)
    assert find_browser() is None
