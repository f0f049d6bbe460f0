"""`fer-course class report`, `answers` and `quiz`."""

from __future__ import annotations

from pathlib import Path

from fer_course.cli.commands import LESSONS, add_command


def add_overview(commands) -> None:
    """Add `report`, `answers` and `quiz`."""
    report = add_command(
        commands, "report", _report, "show who is left, how marks are spread, what was hard, what is alike"
    )
    report.add_argument("folder", type=Path, help="the class")
    report.add_argument("lessons", nargs="*", metavar="LESSON", help=LESSONS)
    answers = add_command(
        commands, "answers", _answers, "show written answers beside the rubric, and bring their points in"
    )
    answers.add_argument("folder", type=Path, help="the class")
    answers.add_argument("lesson", metavar="LESSON", help="07, 7 or 10-train-it")
    answers.add_argument(
        "--points", type=Path, metavar="CSV", help="columns id, points, comment: write them to the gradebook"
    )
    answers.add_argument("--anonymous", action="store_true", help="show ids instead of names")
    for command in (report, answers):
        command.add_argument("--group", metavar="NAME", help="only the students of this group")
    quiz = add_command(commands, "quiz", _quiz, "write a lesson's quiz for a learning platform")
    quiz.add_argument("folder", type=Path, help="the class")
    quiz.add_argument("lesson", metavar="LESSON", help="07, 7 or 10-train-it")
    quiz.add_argument("--format", default="moodle", choices=("moodle", "gift"), help="Moodle XML, or GIFT")
    quiz.add_argument("--out", type=Path, metavar="FILE", help="none: quiz-LESSON.xml or .gift.txt")


def _report(options) -> None:
    from fer_course.classroom.report import as_text, report
    from fer_course.classroom.students import in_group

    found = report(options.folder, options.lessons, in_group(options.folder, options.group))
    for each in found:
        print(as_text(each))
    if not found:
        print(f"Nothing was handed out yet. Next: fer-course class release {options.folder}")


def _answers(options) -> None:
    from fer_course.classroom.students import in_group
    from fer_course.classroom.written_answers import read_points, write_answers

    if options.points:
        print(
            f"Wrote points for {len(read_points(options.folder, options.lesson, options.points))} answers to the gradebook."
        )
        return
    page, table = write_answers(
        options.folder, options.lesson, in_group(options.folder, options.group), options.anonymous
    )
    print(f"Open {page}: tick, save the points, and bring them in with --points. Or fill in {table}.")


def _quiz(options) -> None:
    from fer_course._shared.files import write_text
    from fer_course.classroom.paths import lessons_of
    from fer_course.classroom.quizzes import FORMATS, quiz_of, write_quiz

    (lesson,) = lessons_of(options.folder, [options.lesson])
    questions = quiz_of(options.folder / "source" / lesson / f"{lesson}.ipynb")
    path = options.out or Path(f"quiz-{lesson}{FORMATS[options.format]}")
    write_text(path, write_quiz(questions, options.format))
    print(f"Wrote {len(questions)} questions to {path}.")
