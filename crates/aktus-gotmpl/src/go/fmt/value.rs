//! How is a value printed under a verb? `printArg` and `printValue` of Go's `fmt/print.go`.

use super::Printer;
use crate::go::strconv::FloatSize;
use crate::limits::LimitError;
use crate::value::{Kind, List, Map, Object, Type, Underlying, Value};

impl Printer<'_> {
    /// Prints an argument of `Sprint` or `Sprintf`.
    pub(super) fn argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad(b"<nil>"),
            (Value::Nil, _) => self.bad_verb(value, verb),
            (_, 'T') => self.string(value.type_name().as_bytes()),
            (_, 'p') => self.pointer(value, verb),
            (Value::List(list), _) if list.as_bytes().is_some() => self.bytes(list, verb, "[]byte", value),
            (Value::Object(object), _) => {
                if !self.methods(object.get(), value, verb) {
                    self.value(value, verb, 0);
                }
            }
            (_, 'w') => self.bad_verb(value, verb),
            _ => self.value(value, verb, 0),
        }
    }

    /// Prints a value as a template does: not the pointer but what it points to.
    pub(super) fn printable(&mut self, value: &Value) {
        match value {
            Value::Nil => self.push(b"<no value>"),
            Value::Object(object) => {
                let object = object.get();
                let named = object.named_type();
                let is_struct = matches!(object.underlying(), Underlying::Struct);
                if named.kind == Kind::Pointer && is_struct && !self.methods(object, value, 'v') {
                    self.structure(object, named.name.trim_start_matches('*'), 'v', 0);
                } else if named.kind != Kind::Pointer || !is_struct {
                    self.argument(value, 'v');
                }
            }
            _ => self.argument(value, 'v'),
        }
    }

    /// Prints a value that is part of another one at the given depth.
    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > Value::DEPTH {
            self.error.get_or_insert(LimitError::Depth(Value::DEPTH));
        }
        if self.error.is_some() {
            return;
        }
        match value {
            // A nil inside a list, map or struct is a nil `interface{}`.
            Value::Nil => self.push(if self.flags.sharp_v { b"interface {}(nil)" } else { b"<nil>" }),
            Value::Bool(bool) => match verb {
                't' | 'v' => self.boolean(*bool),
                _ => self.bad_verb(value, verb),
            },
            Value::Float(float) => self.any_float(*float, FloatSize::Bits64, verb, value),
            Value::Float32(float) => self.any_float(f64::from(*float), FloatSize::Bits32, verb, value),
            Value::Complex(complex) => self.complex(complex.0, complex.1, verb, value),
            Value::String(text) => self.any_string(text, verb, value),
            Value::List(list) => self.list(list, &list.go_type(), verb, depth, value),
            Value::Map(map) => self.map(map, &map.go_type(), verb, depth),
            Value::Object(object) => {
                let object = object.get();
                if depth == 0 || !self.methods(object, value, verb) {
                    self.object(object, value, verb, depth);
                }
            }
            _ => {
                if let Some(int) = value.as_int() {
                    self.any_integer(int.cast_unsigned(), true, verb, value);
                } else if let Some(uint) = value.as_uint() {
                    self.any_integer(uint, false, verb, value);
                }
            }
        }
    }

    /// Uses `GoString()` for `%#v`, and `Error()` or `String()` for verbs for text, if the type has one.
    fn methods(&mut self, object: &dyn Object, value: &Value, verb: char) -> bool {
        if self.erroring {
            return false;
        }
        if verb == 'w' {
            self.bad_verb(value, verb);
            return true;
        }
        if self.flags.sharp_v {
            let text = object.go_text();
            return text.inspect(|text| self.string(text.as_bytes())).is_some();
        }
        if !matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') {
            return false;
        }
        let Some(text) = object.text() else { return false };
        self.any_string(text.as_bytes(), verb, value);
        true
    }

    fn object(&mut self, object: &dyn Object, value: &Value, verb: char, depth: usize) {
        let named = object.named_type();
        let named_type = Type::Named(named);
        match object.underlying() {
            Underlying::Map(map) => self.map(&map, &named_type, verb, depth),
            Underlying::List(list) => self.list(&list, &named_type, verb, depth, value),
            Underlying::Scalar(scalar) => match (scalar.as_int(), scalar.as_uint(), &scalar) {
                (Some(int), _, _) => self.any_integer(int.cast_unsigned(), true, verb, value),
                (_, Some(uint), _) => self.any_integer(uint, false, verb, value),
                (_, _, Value::String(text)) => self.any_string(text, verb, value),
                _ => self.value(&scalar, verb, depth),
            },
            Underlying::Struct if named.kind == Kind::Pointer && (depth > 0 || object.is_nil()) => {
                self.pointer(value, verb);
            }
            Underlying::Struct => {
                if named.kind == Kind::Pointer {
                    self.push(b"&");
                }
                self.structure(object, named.name.trim_start_matches('*'), verb, depth);
            }
        }
    }

    fn structure(&mut self, object: &dyn Object, name: &str, verb: char, depth: usize) {
        if self.flags.sharp_v {
            self.push(name.as_bytes());
        }
        self.push(b"{");
        for (index, (name, field)) in object.fields().into_iter().enumerate() {
            if index > 0 {
                self.push(if self.flags.sharp_v { b", " } else { b" " });
            }
            if self.flags.plus_v || self.flags.sharp_v {
                self.push(name.as_bytes());
                self.push(b":");
            }
            // Go takes the field out of the struct, where methods with pointer receivers are lost.
            self.value(&field.boxed(), verb, depth + 1);
        }
        self.push(b"}");
    }

    fn map(&mut self, map: &Map, named: &Type, verb: char, depth: usize) {
        if self.flags.sharp_v {
            self.push(named.to_string().as_bytes());
            if map.is_nil() {
                return self.push(b"(nil)");
            }
            self.push(b"{");
        } else {
            self.push(b"map[");
        }
        for (index, (key, value)) in map.entries().iter().enumerate() {
            if index > 0 {
                self.push(if self.flags.sharp_v { b", " } else { b" " });
            }
            self.any_string(key, verb, &Value::String(key.clone()));
            self.push(b":");
            self.value(value, verb, depth + 1);
            if self.error.is_some() {
                return;
            }
        }
        self.push(if self.flags.sharp_v { b"}" } else { b"]" });
    }

    fn list(&mut self, list: &List, named: &Type, verb: char, depth: usize, value: &Value) {
        if matches!(verb, 's' | 'q' | 'x' | 'X') && list.as_bytes().is_some() {
            return self.bytes(list, verb, &named.to_string(), value);
        }
        let (open, between, close): (&[u8], &[u8], &[u8]) =
            if self.flags.sharp_v { (b"{", b", ", b"}") } else { (b"[", b" ", b"]") };
        if self.flags.sharp_v {
            self.push(named.to_string().as_bytes());
            if list.is_nil() {
                return self.push(b"(nil)");
            }
        }
        self.push(open);
        for (index, item) in list.iter().enumerate() {
            if index > 0 {
                self.push(between);
            }
            self.value(&item, verb, depth + 1);
            if self.error.is_some() {
                return;
            }
        }
        self.push(close);
    }

    fn bytes(&mut self, list: &List, verb: char, name: &str, value: &Value) {
        let bytes = list.as_bytes().unwrap_or_default();
        match verb {
            'v' | 'd' if self.flags.sharp_v => {
                self.push(name.as_bytes());
                if list.is_nil() {
                    return self.push(b"(nil)");
                }
                self.push(b"{");
                for (index, byte) in bytes.iter().enumerate() {
                    if index > 0 {
                        self.push(b", ");
                    }
                    self.hexadecimal_integer(u64::from(*byte), true);
                }
                self.push(b"}");
            }
            'v' | 'd' => {
                self.push(b"[");
                for (index, byte) in bytes.iter().enumerate() {
                    if index > 0 {
                        self.push(b" ");
                    }
                    self.integer(u64::from(*byte), 10, false, verb, false);
                }
                self.push(b"]");
            }
            's' => self.string(bytes),
            'x' => self.hexadecimal(bytes, false),
            'X' => self.hexadecimal(bytes, true),
            'q' => self.quoted(bytes),
            _ => self.value(value, verb, 0),
        }
    }

    fn any_integer(&mut self, bits: u64, signed: bool, verb: char, value: &Value) {
        match verb {
            'v' if self.flags.sharp_v && !signed => self.hexadecimal_integer(bits, true),
            'v' | 'd' => self.integer(bits, 10, signed, verb, false),
            'b' => self.integer(bits, 2, signed, verb, false),
            'o' | 'O' => self.integer(bits, 8, signed, verb, false),
            'x' => self.integer(bits, 16, signed, verb, false),
            'X' => self.integer(bits, 16, signed, verb, true),
            'c' => self.character(bits),
            'q' => self.quoted_character(bits),
            'U' => self.unicode(bits),
            _ => self.bad_verb(value, verb),
        }
    }

    fn hexadecimal_integer(&mut self, bits: u64, prefix: bool) {
        let sharp = std::mem::replace(&mut self.flags.sharp, prefix);
        self.integer(bits, 16, false, 'v', false);
        self.flags.sharp = sharp;
    }

    fn any_float(&mut self, float: f64, size: FloatSize, verb: char, value: &Value) {
        match verb {
            'v' | 'g' => self.float(float, size, b'g', None),
            'b' => self.float(float, size, b'b', None),
            'G' => self.float(float, size, b'G', None),
            'x' => self.float(float, size, b'x', None),
            'X' => self.float(float, size, b'X', None),
            'f' | 'F' => self.float(float, size, b'f', Some(6)),
            'e' => self.float(float, size, b'e', Some(6)),
            'E' => self.float(float, size, b'E', Some(6)),
            _ => self.bad_verb(value, verb),
        }
    }

    fn complex(&mut self, real: f64, imaginary: f64, verb: char, value: &Value) {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return self.bad_verb(value, verb);
        }
        let plus = self.flags.plus;
        self.push(b"(");
        self.any_float(real, FloatSize::Bits64, verb, value);
        self.flags.plus = true;
        self.any_float(imaginary, FloatSize::Bits64, verb, value);
        self.push(b"i)");
        self.flags.plus = plus;
    }

    fn any_string(&mut self, text: &[u8], verb: char, value: &Value) {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => self.string(text),
            'x' => self.hexadecimal(text, false),
            'X' => self.hexadecimal(text, true),
            'q' => self.quoted(text),
            _ => self.bad_verb(value, verb),
        }
    }

    fn pointer(&mut self, value: &Value, verb: char) {
        let nil = match value {
            Value::List(list) => list.is_nil(),
            Value::Map(map) => map.is_nil(),
            Value::Object(object)
                if matches!(object.get().named_type().kind, Kind::Pointer | Kind::Map | Kind::Slice) =>
            {
                object.get().is_nil()
            }
            _ => return self.bad_verb(value, verb),
        };
        let address = if nil { 0 } else { self.address };
        match verb {
            'v' if self.flags.sharp_v => {
                self.push(b"(");
                self.push(value.type_name().as_bytes());
                self.push(b")(");
                if nil {
                    self.push(b"nil");
                } else {
                    self.hexadecimal_integer(address, true);
                }
                self.push(b")");
            }
            'v' if nil => self.pad(b"<nil>"),
            'v' | 'p' => {
                let prefix = !self.flags.sharp;
                self.hexadecimal_integer(address, prefix);
            }
            'b' | 'o' | 'd' | 'x' | 'X' => self.any_integer(address, false, verb, value),
            _ => self.bad_verb(value, verb),
        }
    }

    /// `%!d(string=hi)`
    fn bad_verb(&mut self, value: &Value, verb: char) {
        let erroring = std::mem::replace(&mut self.erroring, true);
        self.push(b"%!");
        self.push_char(verb);
        self.push(b"(");
        if value.is_nil() {
            self.push(b"<nil>");
        } else {
            self.push(value.type_name().as_bytes());
            self.push(b"=");
            self.argument(value, 'v');
        }
        self.push(b")");
        self.erroring = erroring;
    }
}
