//! Methods, struct fields and named types, recorded from Go 1.26 (`object-cases.json`): each type below has a twin of
//! the same name there.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::borrow::Cow;

use aktus_gotmpl::{
    CallError, Context, FrozenHost, Function, FunctionTable, Int64, Kind, List, Map, Method, MissingKey, NamedType,
    Object, ObjectRef, Operand, Parameter, Profile, Rest, Str, Templates, Type, Typed, Underlying, Value, functions,
    methods,
};
use support::{Failures, case_text, cases};

/// `type T struct { Name string; Any, Nil any; M map[string]string }`, or a pointer to one.
#[derive(Clone, Copy, Debug)]
struct T {
    pointer: bool,
}

static T_METHODS: &[Method] = methods! { T;
    "Add" => (i64, i64) T::add;
    "Arg" => (Value) T::arg;
    "B" => (bool) T::b;
    "Dur" => (AnInt64) T::dur;
    "Err" => (bool) T::err;
    "F" => (f64) T::f;
    "Hello" => (Str) T::hello;
    "Map" => (Map) T::map;
    "Self" => () T::itself;
    "Strs" => (List) T::strs;
    "U" => (u32) T::u;
    "Var" => (..i64) T::var;
};

/// A parameter of type `int64`.
struct AnInt64;

impl Parameter for AnInt64 {
    type Argument<'a> = i64;
    const TYPE: Type = Type::Int64;

    fn take(operand: &Operand) -> Option<i64> {
        operand.value.as_int()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, clippy::unused_self, reason = "methods take their receiver so")]
impl T {
    fn add(&self, left: i64, right: i64) -> i64 {
        left + right
    }

    fn arg(&self, value: &Value) -> String {
        value.type_name()
    }

    fn b(&self, value: bool) -> bool {
        value
    }

    fn dur(&self, value: i64) -> Int64 {
        Int64(value)
    }

    fn err(&self, fails: bool) -> Result<&'static str, CallError> {
        if fails { Err("method failed".into()) } else { Ok("fine") }
    }

    fn f(&self, value: f64) -> f64 {
        value
    }

    fn hello(&self, name: &Str) -> String {
        format!("hello {name}")
    }

    fn map(&self, map: &Map) -> i64 {
        i64::try_from(map.len()).unwrap()
    }

    fn itself(&self) -> ObjectRef {
        ObjectRef::new(*self)
    }

    fn strs(&self, list: &List) -> i64 {
        i64::try_from(list.len()).unwrap()
    }

    fn u(&self, value: u32) -> i64 {
        i64::from(value)
    }

    fn var(&self, numbers: Rest<'_, i64>) -> i64 {
        numbers.iter().sum()
    }
}

impl Object for T {
    fn named_type(&self) -> &'static NamedType {
        static STRUCT: NamedType = NamedType { name: "main.T", kind: Kind::Struct, underlying: None };
        static POINTER: NamedType = NamedType { name: "*main.T", kind: Kind::Pointer, underlying: None };
        if self.pointer { &POINTER } else { &STRUCT }
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(T_METHODS, name)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let texts = Map::collect(&Type::String, [(Str::from("a"), Value::from("b"))]);
        vec![
            ("Name", Value::from("nm")),
            ("Any", Value::map([("x", Value::Int(1))])),
            ("Nil", Value::Nil),
            ("M", Value::Map(texts)),
        ]
    }
}

/// `type S struct { A int }` with a `String` method.
#[derive(Debug)]
struct S;

impl Object for S {
    fn named_type(&self) -> &'static NamedType {
        static NAMED: NamedType = NamedType { name: "main.S", kind: Kind::Struct, underlying: None };
        &NAMED
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("A", Value::Int(4))]
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some("S<4>".into())
    }
}

/// `type L []string` with a method.
#[derive(Debug)]
struct L;

static L_METHODS: &[Method] = methods! { L; "Has" => (Str) L::has; };

impl L {
    fn has(&self, text: &Str) -> bool {
        let Self = self;
        *text == "a" || *text == "b"
    }
}

impl Object for L {
    fn named_type(&self) -> &'static NamedType {
        static NAMED: NamedType = NamedType { name: "main.L", kind: Kind::Slice, underlying: Some(Type::STRING_LIST) };
        &NAMED
    }

    fn underlying(&self) -> Underlying {
        Underlying::List(List::strings(["a", "b"]))
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(L_METHODS, name)
    }
}

/// `type N map[string]any` with a method.
#[derive(Debug)]
struct N(Map);

static N_METHODS: &[Method] = methods! { N; "Keys" => () N::keys; };

impl N {
    fn keys(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap()
    }
}

impl Object for N {
    fn named_type(&self) -> &'static NamedType {
        static NAMED: NamedType = NamedType { name: "main.N", kind: Kind::Map, underlying: Some(Type::ANY_MAP) };
        &NAMED
    }

    fn underlying(&self) -> Underlying {
        Underlying::Map(self.0.clone())
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(N_METHODS, name)
    }
}

/// `type E int` with a `String` method.
#[derive(Debug)]
struct E(i64);

impl Object for E {
    fn named_type(&self) -> &'static NamedType {
        static NAMED: NamedType = NamedType { name: "main.E", kind: Kind::Int, underlying: None };
        &NAMED
    }

    fn underlying(&self) -> Underlying {
        Underlying::Scalar(Value::Int(self.0))
    }

    fn with_scalar(&self, scalar: Value) -> Option<Value> {
        Some(Value::object(Self(scalar.as_int()?)))
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some("enum".into())
    }
}

/// A parameter of type `[]string`.
struct Strings;

impl Parameter for Strings {
    type Argument<'a> = &'a Value;
    const TYPE: Type = Type::STRING_LIST;

    fn take(operand: &Operand) -> Option<&Value> {
        Some(&operand.value)
    }
}

static TEST_FUNCTIONS: &[Function] = functions! {
    "l" => (Strings) same;
    "list" => (..Value) list;
    "m" => (Map) Map::clone;
    "typeOf" => (Value) Value::type_name;
};

fn same(value: &Value) -> Typed {
    Typed(value.clone())
}

fn list(values: Rest<'_, Value>) -> List {
    List::new(values.to_vec())
}

fn render(template: &str) -> Result<String, String> {
    let mut templates = Templates::new(FunctionTable::new().with(TEST_FUNCTIONS)).with_missing_key(MissingKey::Zero);
    templates.parse("t", template).map_err(|error| error.to_string())?;
    let data = Value::map([
        ("T", Value::object(T { pointer: false })),
        ("P", Value::object(T { pointer: true })),
        ("S", Value::object(S)),
        ("L", Value::object(L)),
        ("N", Value::object(N([(Str::from("k"), Value::Float(1.5))].into_iter().collect()))),
        ("E", Value::object(E(3))),
        ("f", Value::Float(1.5)),
        ("sl", Value::list(vec![Value::Int(1)])),
        ("m", Value::map([("a", Value::Int(1))])),
    ]);
    let host = FrozenHost::default();
    templates
        .execute("t", data, &mut Context::new(&host, Profile::Helm4))
        .map(|output| String::from_utf8(output).unwrap())
        .map_err(|error| error.to_string())
}

#[test]
fn recorded_from_go() {
    let mut failures = Failures::default();
    for (id, case) in cases(include_str!("fixtures/object-cases.json")).iter().enumerate() {
        let expected = match case["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(case_text(case, "expect").to_owned()),
        };
        failures.check(id, case_text(case, "tpl"), &expected, &render(case_text(case, "tpl")));
    }
    failures.finish(105, &[]);
}
