"""`fer-course doctor`."""

from __future__ import annotations

from fer_course.cli.commands import add_command


def add_doctor(commands) -> None:
    """Add `doctor`."""
    doctor = add_command(commands, "doctor", _doctor, "examine this machine, and report what to fix")
    doctor.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _doctor(options) -> int:
    from fer_course.course import doctor

    findings = []
    for finding in doctor.findings():  # some take seconds: print each at once
        findings.append(finding)
        if not options.json:
            print(finding, flush=True)
    if options.json:
        print(doctor.as_json(findings))
    return 1 if any(finding.state == doctor.TROUBLE for finding in findings) else 0
