//! What RFC 9535 forbids in filters and the library lets through: its type rules for functions
//! (section 2.4.3), found by the compliance suite. And a filter inside a filter, which the library
//! answers wrongly.

use jsonpath_rust::parser::model::{
    Comparable, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, Test, TestFunction,
};

/// Why a parsed path is not well-typed; none where it is.
pub(crate) fn fault(query: &JpQuery) -> Option<&'static str> {
    segments(&query.segments, false)
}

fn segments(segments: &[Segment], inside: bool) -> Option<&'static str> {
    segments.iter().find_map(|one| segment(one, inside))
}

fn segment(segment: &Segment, inside: bool) -> Option<&'static str> {
    match segment {
        Segment::Descendant(one) => self::segment(one, inside),
        Segment::Selector(one) => selector(one, inside),
        Segment::Selectors(several) => several.iter().find_map(|one| selector(one, inside)),
    }
}

fn selector(selector: &Selector, inside: bool) -> Option<&'static str> {
    match selector {
        Selector::Filter(_) if inside => Some("a filter inside a filter is not supported"),
        Selector::Filter(inner) => filter(inner),
        Selector::Name(_) | Selector::Wildcard | Selector::Index(_) | Selector::Slice(..) => None,
    }
}

fn filter(filter: &Filter) -> Option<&'static str> {
    match filter {
        Filter::Or(several) | Filter::And(several) => several.iter().find_map(self::filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => self::filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => match &**expr {
            Test::Function(function) if gives_value(function) => {
                Some("the result of length, count and value must be compared with something")
            }
            other => test(other),
        },
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (left, right) = comparison.vals();
            comparable(left).or_else(|| comparable(right))
        }
    }
}

fn comparable(comparable: &Comparable) -> Option<&'static str> {
    match comparable {
        Comparable::Function(function) if !gives_value(function) => {
            Some("match and search are already yes or no and cannot be compared")
        }
        Comparable::Function(inner) => function(inner),
        Comparable::Literal(_) | Comparable::SingularQuery(_) => None,
    }
}

fn test(test: &Test) -> Option<&'static str> {
    match test {
        Test::RelQuery(inner) => segments(inner, true),
        Test::AbsQuery(query) => segments(&query.segments, true),
        Test::Function(inner) => function(inner),
    }
}

fn function(function: &TestFunction) -> Option<&'static str> {
    match function {
        TestFunction::Custom(..) => Some("it uses a function that RFC 9535 does not have"),
        TestFunction::Length(one) => value(one),
        TestFunction::Search(one, two) | TestFunction::Match(one, two) => value(one).or_else(|| value(two)),
        TestFunction::Count(one) | TestFunction::Value(one) => match one {
            FnArg::Test(inner) if !matches!(**inner, Test::Function(_)) => test(inner),
            _ => Some("count and value take a path"),
        },
    }
}

/// An argument that must stand for one value: a literal, a path that finds at most one, or a
/// function that gives one.
fn value(argument: &FnArg) -> Option<&'static str> {
    const ONE: &str = "length, match and search take one value, not a path that may find several";
    match argument {
        FnArg::Literal(_) => None,
        FnArg::Filter(_) => Some(ONE),
        FnArg::Test(inner) => match &**inner {
            Test::RelQuery(inner) => (!singular(inner)).then_some(ONE),
            Test::AbsQuery(query) => (!singular(&query.segments)).then_some(ONE),
            Test::Function(inner) if gives_value(inner) => function(inner),
            Test::Function(_) => Some(ONE),
        },
    }
}

fn gives_value(function: &TestFunction) -> bool {
    match function {
        TestFunction::Length(_) | TestFunction::Count(_) | TestFunction::Value(_) => true,
        TestFunction::Search(..) | TestFunction::Match(..) | TestFunction::Custom(..) => false,
    }
}

fn singular(segments: &[Segment]) -> bool {
    segments.iter().all(|segment| matches!(segment, Segment::Selector(Selector::Name(_) | Selector::Index(_))))
}
