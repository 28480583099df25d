//! What is a list? A Go slice of a known element type, immutable here, whose nil differs from empty.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

use super::{Str, Type, Value, dismantle};

/// A Go slice. Cloning shares it; nothing changes a list once it is made, but for [`List::sort_strings`].
#[derive(Clone)]
pub struct List(Rc<Inner>);

struct Inner {
    element: &'static Type,
    items: Items,
    /// The items in place of those, since they were sorted. That happens once: sorted strings stay as they are.
    sorted: OnceCell<Box<[Value]>>,
}

enum Items {
    Nil,
    Bytes(Str),
    Values(Vec<Value>),
}

impl List {
    /// A `[]interface {}`.
    pub fn new(items: Vec<Value>) -> Self {
        Self::of(&Type::Any, items)
    }

    /// A list with the given element type. The caller gives only values of that type.
    pub fn of(element: &'static Type, items: Vec<Value>) -> Self {
        Self::from_items(element, Items::Values(items))
    }

    /// A `[]string`.
    pub fn strings<T: Into<Str>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::of(&Type::String, items.into_iter().map(|item| Value::String(item.into())).collect())
    }

    /// A `[]int`.
    pub fn ints(items: impl IntoIterator<Item = i64>) -> Self {
        Self::of(&Type::Int, items.into_iter().map(Value::Int).collect())
    }

    /// A `[]uint8`.
    pub fn bytes(bytes: impl Into<Str>) -> Self {
        Self::from_items(&Type::Uint8, Items::Bytes(bytes.into()))
    }

    /// The nil list of an element type: prints `[]`, but `null` as YAML and JSON.
    pub fn nil(element: &'static Type) -> Self {
        Self::from_items(element, Items::Nil)
    }

    fn from_items(element: &'static Type, items: Items) -> Self {
        Self(Rc::new(Inner { element, items, sorted: OnceCell::new() }))
    }

    /// Sorts a `[]string` by its bytes, as everybody sees who holds it; any other list stays as it is.
    pub fn sort_strings(&self) {
        if *self.0.element == Type::String
            && let Items::Values(values) = &self.0.items
        {
            self.0.sorted.get_or_init(|| {
                let mut values = values.clone();
                values.sort_unstable_by(|left, right| left.as_str().cmp(&right.as_str()));
                values.into()
            });
        }
    }

    /// Whether this is Go's nil, which an empty list is not.
    pub fn is_nil(&self) -> bool {
        matches!(self.0.items, Items::Nil)
    }

    /// The type of the elements.
    pub fn element_type(&self) -> &'static Type {
        self.0.element
    }

    /// The type of the list itself: `[]T`.
    pub fn go_type(&self) -> Type {
        Type::List(self.0.element)
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        match &self.0.items {
            Items::Nil => 0,
            Items::Bytes(bytes) => bytes.len(),
            Items::Values(values) => values.len(),
        }
    }

    /// Whether there are none; nil is empty too.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`, counted from 0.
    pub fn get(&self, index: usize) -> Option<Value> {
        match &self.0.items {
            Items::Bytes(bytes) => bytes.get(index).map(|byte| Value::Uint8(*byte)),
            Items::Nil | Items::Values(_) => self.as_slice()?.get(index).cloned(),
        }
    }

    /// The elements.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Value> + DoubleEndedIterator + '_ {
        (0..self.len()).map(|index| self.get(index).unwrap_or_default())
    }

    /// The elements as they lie in memory; nothing for a `[]uint8`, whose elements are not stored one by one.
    pub fn as_slice(&self) -> Option<&[Value]> {
        match &self.0.items {
            Items::Nil => Some(&[]),
            Items::Bytes(_) => None,
            Items::Values(values) => Some(self.0.sorted.get().map_or(values.as_slice(), |sorted| sorted)),
        }
    }

    /// The elements copied out; for a `[]uint8`, one value for each byte.
    pub fn to_vec(&self) -> Vec<Value> {
        self.as_slice().map_or_else(|| self.iter().collect(), <[Value]>::to_vec)
    }

    /// The bytes of a `[]uint8`.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.0.items {
            Items::Bytes(bytes) => Some(bytes),
            Items::Nil if *self.0.element == Type::Uint8 => Some(&[]),
            Items::Nil | Items::Values(_) => None,
        }
    }

    /// Whether both are the very same list, not merely equal ones.
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Where the list lies; only good for telling lists apart.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    /// The elements, if nobody else holds the list.
    pub(super) fn take(self) -> Vec<Value> {
        match Rc::try_unwrap(self.0) {
            Ok(mut inner) => match std::mem::replace(&mut inner.items, Items::Nil) {
                Items::Values(values) => values,
                Items::Nil | Items::Bytes(_) => Vec::new(),
            },
            Err(_) => Vec::new(),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Items::Values(values) = &mut self.items {
            dismantle(values);
        }
    }
}

impl FromIterator<Value> for List {
    /// Collects into a `[]interface {}`.
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::new(items.into_iter().collect())
    }
}

impl fmt::Debug for List {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[]{}({} items)", self.0.element, self.len())
    }
}
