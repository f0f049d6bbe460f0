"""`fer-course class students`: who is in the class."""

from __future__ import annotations

from pathlib import Path

from fer_course.cli.commands import add_command


def add_students(commands) -> None:
    """Add `students list`, `add`, `import` and `remove`."""
    group = commands.add_parser("students", help="list, add, import or remove students").add_subparsers(required=True)
    show = add_command(group, "list", _list, "list the students of a class")
    add = add_command(group, "add", _add, "add a student, or change what is known of one")
    bring = add_command(
        group, "import", _import, "add the students of a learning platform's CSV, or change what is known"
    )
    remove = add_command(group, "remove", _remove, "remove a student")
    for command in (show, add, bring, remove):
        command.add_argument("folder", type=Path, help="the class")
    bring.add_argument("csv", type=Path, metavar="CSV")
    for command in (add, remove):
        command.add_argument("id", metavar="ID")
    for name in ("last-name", "first-name", "email", "group"):
        add.add_argument(f"--{name}", default="")
    add.add_argument("--other-ids", default="", help="by which a learning platform names the same person: 123;x7")
    remove.add_argument("--with-work", action="store_true", help="also if work was handed in: it moves to removed/")


def _list(options) -> None:
    from fer_course.classroom.paths import STUDENTS
    from fer_course.classroom.students import read_students

    table = read_students(options.folder / STUDENTS)
    for row in table:
        print("  ".join(f"{row[name]:<{width}}" for name, width in _widths(table).items()).rstrip())
    print(f"{len(table)} students.")


def _widths(table) -> dict[str, int]:
    return {name: width for name in table[0] if (width := max(len(row[name]) for row in table))} if table else {}


def _add(options) -> None:
    from fer_course.classroom.students import FIELDS, add

    new, changed = add(options.folder, [{name: getattr(options, name) for name in FIELDS}])
    print(f"{options.id}: {'added' if new else 'changed' if changed else 'was there already'}.")


def _import(options) -> None:
    from fer_course.classroom.students import add, read_table

    table = read_table(options.csv)
    new, changed = add(options.folder, table.students)
    for note in table.notes:
        print(note)
    print(f"{len(table.students)} students in {options.csv}: {len(new)} added, {len(changed)} changed.")


def _remove(options) -> None:
    from fer_course.classroom.students import remove

    moved = remove(options.folder, options.id, options.with_work)
    print(f"{options.id}: removed." + (f" The work is in {options.folder / 'removed' / options.id}." if moved else ""))
