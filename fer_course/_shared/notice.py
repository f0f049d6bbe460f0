"""What the course says wherever somebody's own face gets scores."""

#: What stands in sight above everything that shows a learner's own photograph, and what one reads there after *more*.
SHORT = "Your own face only. Nothing leaves this machine, nothing is stored, nothing is graded."
MORE = (
    "The scores say which training faces a picture resembles, not what anybody feels. Inferring emotions of pupils, students or "
    "employees is prohibited in the European Union (AI Act, Regulation 2024/1689, Article 5(1)(f))."
)
#: All of it.
NOTICE = f"{SHORT} {MORE}"
