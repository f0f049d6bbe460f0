"""Bring in what learners handed in: read the export, find out whose each file is, propose, and file what is certain.

uploads → platforms → owners, lessons → proposal → collect; ledger keeps what became of every file
"""

from fer_course.classroom.collecting.collect import Collected, collect
from fer_course.classroom.collecting.ledger import HandedIn
from fer_course.classroom.collecting.proposal import Proposal, propose

__all__ = ["Collected", "HandedIn", "Proposal", "collect", "propose"]
