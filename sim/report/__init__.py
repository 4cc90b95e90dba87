"""The report: from stored runs to a page that stands on its own, its paper form and slides."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.report.costs import Costs


def write_report(
    results: Path,
    *,
    language: str = "en",
    costs: "Costs | None" = None,
    out: Path | None = None,
    forms: Collection[str] = (),
) -> list[Path]:
    """Write the report on stored results and return its files, the page first.

    results: folder of a comparison or a study, or one that holds several. out: the page's file; without it
    `report.html` in the folder of the results (`report-ko.html` in Korean). forms: "pdf" and "pptx" stand beside it.

    Raises StoreError: a sentence, where nothing can be reported, or a form needs what is not there.
    """
    from sim.locale import Words
    from sim.report.browser import require_browser
    from sim.report.findings import Findings
    from sim.report.gather import gather
    from sim.report.html import html
    from sim.report.page import page
    from sim.report.say import Say
    from sim.report.slides import require_pptx, slides
    from sim.study.durable import replace

    for form, require in (("pdf", require_browser), ("pptx", require_pptx)):
        if form in forms:
            require()  # said before anything is written
    say = Say(Words(language))
    findings = Findings(gather(results), costs)
    path = out if out is not None else results / f"report{'' if language == 'en' else f'-{language}'}.html"
    replace(path, html(page(findings, say)).encode())
    written = [path]
    if "pdf" in forms:
        from sim.report.pdf import print_pdf

        written.append(path.with_suffix(".pdf"))
        print_pdf(path, written[-1])
    if "pptx" in forms:
        written.append(path.with_suffix(".pptx"))
        replace(written[-1], slides(findings, say))
    return written
