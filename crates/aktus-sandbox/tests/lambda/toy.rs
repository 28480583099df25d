//! A function with the Runtime API by hand: this test program itself, started again for one test
//! that does nothing unless Lambda started it.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use aktus_sandbox::lambda::Function;
use serde_json::{Value, json};

/// The function; `init` says what it does before it asks for work.
pub(crate) fn function(name: &str, init: &str) -> Function {
    let mut function = Function::program(name, std::env::current_exe().unwrap()).with_variable("TOY_INIT", init);
    for argument in ["--exact", "toy::the_program", "--nocapture"] {
        function = function.with_argument(argument);
    }
    function
}

/// What it wrote, without the lines of the test harness.
pub(crate) fn lines(output: &str) -> Vec<String> {
    let own = |line: &&str| !line.is_empty() && !line.starts_with("running ") && !line.starts_with("test ");
    output.lines().filter(own).map(str::to_owned).collect()
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.into_string().unwrap())
}

/// Sends one request to the Runtime API, and returns status, headers and body.
fn call(method: &str, path: &str, headers: &str, body: &str) -> (u16, BTreeMap<String, String>, String) {
    let api = variable("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = TcpStream::connect(&api).unwrap();
    let length = body.len();
    let head = format!("{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\n");
    write!(stream, "{head}{headers}content-length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    (status, headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), body.to_owned())
}

#[test]
#[expect(clippy::exit, clippy::zombie_processes, reason = "it plays a crash, and leaves a child behind")]
fn the_program() {
    let Some(init) = variable("TOY_INIT") else { return };
    match init.as_str() {
        "crash" => std::process::exit(3),
        "error" => {
            let body = json!({"errorType": "Toy.Init", "errorMessage": "no configuration"}).to_string();
            assert_eq!(call("POST", "init/error", "lambda-runtime-function-error-type: Toy.Init\r\n", &body).0, 202);
            std::process::exit(1);
        }
        "hang" => loop {
            std::thread::park();
        },
        _ => {}
    }
    let mut invocations = 0;
    loop {
        let (status, headers, body) = call("GET", "invocation/next", "", "");
        assert_eq!(status, 200);
        invocations += 1;
        let id = headers["lambda-runtime-aws-request-id"].clone();
        let event: Value = serde_json::from_str(&body).unwrap();
        let path = format!("invocation/{id}/response");
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let answer = match text("do").as_str() {
            "echo" => event.clone(),
            "count" => json!(invocations),
            "headers" => json!(headers),
            "variables" => {
                let all = std::env::vars_os().map(|(name, value)| (name.into_string(), value.into_string()));
                json!(all.map(|(name, value)| (name.unwrap(), value.unwrap())).collect::<BTreeMap<_, _>>())
            }
            "directory" => json!(std::env::current_dir().unwrap()),
            "log" => {
                println!("{}", text("out"));
                eprintln!("{}", text("error"));
                print!("no end");
                std::io::stdout().flush().unwrap();
                json!(null)
            }
            "fail" => {
                let body = json!({"errorType": "Toy.Failed", "errorMessage": "as asked"}).to_string();
                assert_eq!(call("POST", &format!("invocation/{id}/error"), "", &body).0, 202);
                continue;
            }
            "fail-in-text" => {
                let header = "lambda-runtime-function-error-type: Toy.Text\r\n";
                assert_eq!(call("POST", &format!("invocation/{id}/error"), header, "no JSON").0, 202);
                continue;
            }
            "rules" => {
                let wrong = call("POST", "invocation/other/response", "", "1").0;
                let early = call("GET", "invocation/next", "", "").0;
                let unknown = call("GET", "nothing", "", "").0;
                assert_eq!(call("POST", &path, "", &json!([wrong, early, unknown]).to_string()).0, 202);
                println!("second response: {}", call("POST", &path, "", "1").0);
                continue;
            }
            "exit" => std::process::exit(event["code"].as_i64().unwrap().try_into().unwrap()),
            "abort" => std::process::abort(),
            "answer-and-exit" => {
                assert_eq!(call("POST", &path, "", "\"answered\"").0, 202);
                std::process::exit(1);
            }
            "grow" => {
                let memory = vec![1_u8; usize::try_from(event["bytes"].as_u64().unwrap()).unwrap()];
                json!(memory.iter().map(|byte| u64::from(*byte)).sum::<u64>())
            }
            "grow-and-hang" => {
                let memory = vec![1_u8; usize::try_from(event["bytes"].as_u64().unwrap()).unwrap()];
                println!("grown by {}", memory.len());
                loop {
                    std::thread::park();
                }
            }
            "hang" => {
                println!("hanging");
                loop {
                    std::thread::park();
                }
            }
            "hang-with-child" => {
                // In a group of its own, as careful programs put their workers.
                let child = Command::new("sleep").arg("1000").process_group(0).spawn().unwrap();
                println!("child {}", child.id());
                loop {
                    std::thread::park();
                }
            }
            "lines" => {
                for line in 1.. {
                    println!("line {line}");
                }
                unreachable!()
            }
            other => panic!("the toy cannot {other}"),
        };
        assert_eq!(call("POST", &path, "", &answer.to_string()).0, 202);
    }
}
