"""Verdicts of walks as a JUnit file, which CI systems show as tests."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET


def junit_xml(summaries: Sequence[Mapping[str, Any]]) -> str:
    """Return the document: one test case a walk, its reasons as the failure.

    Parameters
    ----------
    summaries : sequence of mapping
        As ``summary.json`` holds them.
    """
    failed = [summary for summary in summaries if not summary["verdict"]["passed"]]
    suite = ET.Element(
        "testsuite",
        name="fes-ctrl walk",
        tests=str(len(summaries)),
        failures=str(len(failed)),
        errors="0",
        time=f"{sum(summary['run']['wall_s'] for summary in summaries):.3f}",
    )
    for summary in summaries:
        case = ET.SubElement(
            suite,
            "testcase",
            classname="walk",
            name=f"{summary['scenario']}, seed {summary['seed']}",
            time=f"{summary['run']['wall_s']:.3f}",
        )
        reasons = summary["verdict"]["reasons"]
        if reasons:
            ET.SubElement(case, "failure", message=reasons[0]).text = "\n".join(reasons)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
