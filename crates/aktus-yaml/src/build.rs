//! How a reader makes its own values, without a tree in between.

use std::borrow::Cow;

/// Makes values of one's own type from what the YAML and JSON readers find.
///
/// The readers call these methods bottom-up. Strings are borrowed from the text where they can be.
/// Keys of maps are strings (other keys are converted as sigs.k8s.io/yaml does) and come in the order
/// of the text; a key may come again, and then the later value counts.
///
/// ```
/// use std::borrow::Cow;
/// use aktus_yaml::{Build, Limits, read};
///
/// /// Counts strings.
/// struct Count;
///
/// impl Build for Count {
///     type Value = usize;
///     type List = usize;
///     type Map = usize;
///     fn null(&mut self) -> usize { 0 }
///     fn bool(&mut self, _: bool) -> usize { 0 }
///     fn int(&mut self, _: i64) -> usize { 0 }
///     fn uint(&mut self, _: u64) -> usize { 0 }
///     fn float(&mut self, _: f64) -> usize { 0 }
///     fn string(&mut self, _: Cow<'_, str>) -> usize { 1 }
///     fn list(&mut self, _: usize) -> usize { 0 }
///     fn push(&mut self, list: &mut usize, item: usize) { *list += item; }
///     fn end_list(&mut self, list: usize) -> usize { list }
///     fn map(&mut self, _: usize) -> usize { 0 }
///     fn insert(&mut self, map: &mut usize, _: Cow<'_, str>, value: usize) { *map += value; }
///     fn end_map(&mut self, map: usize) -> usize { map }
/// }
///
/// assert_eq!(read(b"a: [x, 'y', 1]\nb: yes", &mut Count, &Limits::default()).unwrap(), 2);
/// ```
pub trait Build {
    /// The value made.
    type Value;
    /// A list being filled.
    type List;
    /// A map being filled.
    type Map;

    /// Null.
    fn null(&mut self) -> Self::Value;
    /// A truth value.
    fn bool(&mut self, value: bool) -> Self::Value;
    /// A whole number; note that Go's JSON decoder, and so Helm, makes a float64 of it.
    fn int(&mut self, value: i64) -> Self::Value;
    /// A whole number above [`i64::MAX`].
    fn uint(&mut self, value: u64) -> Self::Value;
    /// A finite number that was written as a fraction, with an exponent, or is beyond [`u64::MAX`].
    fn float(&mut self, value: f64) -> Self::Value;
    /// A string.
    fn string(&mut self, value: Cow<'_, str>) -> Self::Value;
    /// Begins a list that will have about `length` items.
    fn list(&mut self, length: usize) -> Self::List;
    /// Appends to a list.
    fn push(&mut self, list: &mut Self::List, item: Self::Value);
    /// Completes a list.
    fn end_list(&mut self, list: Self::List) -> Self::Value;
    /// Begins a map that will have about `length` entries.
    fn map(&mut self, length: usize) -> Self::Map;
    /// Sets a key of a map, replacing an earlier value.
    fn insert(&mut self, map: &mut Self::Map, key: Cow<'_, str>, value: Self::Value);
    /// Completes a map.
    fn end_map(&mut self, map: Self::Map) -> Self::Value;
}
