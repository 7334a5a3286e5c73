from scheduling.intervals import subtract, union


def test_intervals_that_touch_or_overlap_become_one():
    assert union([(30, 40), (0, 10), (10, 20), (15, 18), (5, 5)]) == [(0, 20), (30, 40)]


def test_nothing_is_left_of_what_is_covered():
    assert subtract([(0, 10), (20, 30)], [(0, 10), (15, 35)]) == []


def test_holes_are_cut_at_their_edges():
    assert subtract([(0, 100)], [(0, 10), (20, 30), (90, 120)]) == [(10, 20), (30, 90)]


def test_one_hole_may_span_several_intervals():
    assert subtract([(0, 10), (20, 30), (40, 50)], [(5, 45)]) == [(0, 5), (45, 50)]


def test_touching_is_not_overlapping():
    assert subtract([(10, 20)], [(0, 10), (20, 30)]) == [(10, 20)]
