//! Holds recorded requests against Discord's published schema: `make conformance SCHEMA=openapi.json`.
//!
//! The schema is not part of this project. The requests are those that the tests of Discord's wire made of its stand-in.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

fn main() -> ExitCode {
    let setting = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let schema = read(Path::new(&setting("SCHEMA")));
    let mut seen = BTreeMap::<String, usize>::new();
    let mut wrong = 0;
    for request in recorded(Path::new(&setting("FRONTDESK_RECORD"))) {
        let (method, path) = (text(&request, "method"), text(&request, "path"));
        let Some((template, operation)) = operation(&schema, method, path) else {
            println!("{method} /{path}: the schema knows no such operation");
            wrong += 1;
            continue;
        };
        *seen.entry(format!("{method} {template}")).or_default() += 1;
        for problem in problems(&schema, operation, &request) {
            println!("{method} {template}: {problem}\n    {}", request["body"]);
            wrong += 1;
        }
    }
    for (operation, times) in &seen {
        println!("{times:6}  {operation}");
    }
    let all: usize = seen.values().sum();
    println!(
        "{all} requests of {} operations, {wrong} not as the schema wants them",
        seen.len()
    );
    if wrong == 0 && all > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn read(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap()
}

/// Every request of every file in the folder, one JSON object a line.
fn recorded(folder: &Path) -> Vec<Value> {
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let lines: Vec<_> = files.collect();
    let lines = lines.iter().flat_map(|file| file.lines());
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

/// The operation of a request: the template with the most literal words that fits.
fn operation<'a>(schema: &'a Value, method: &str, path: &str) -> Option<(&'a str, &'a Value)> {
    let method = method.to_lowercase();
    let paths = schema["paths"].as_object().unwrap();
    let fitting = paths.iter().filter_map(|(template, item)| {
        let operation = item.get(&method)?;
        let literal = literal_words(template, path)?;
        Some((literal, template.as_str(), operation))
    });
    let best = fitting.max_by_key(|(literal, ..)| *literal);
    best.map(|(_, template, operation)| (template, operation))
}

fn literal_words(template: &str, path: &str) -> Option<usize> {
    let template: Vec<_> = template.trim_start_matches('/').split('/').collect();
    let path: Vec<_> = path.split('/').collect();
    if template.len() != path.len() {
        return None;
    }
    let mut literal = 0;
    for (wanted, given) in template.iter().zip(path) {
        match wanted.starts_with('{') {
            true => {}
            false if *wanted == given => literal += 1,
            false => return None,
        }
    }
    Some(literal)
}

fn problems(schema: &Value, operation: &Value, request: &Value) -> Vec<String> {
    let body = &request["body"];
    let content = &operation["requestBody"]["content"];
    if content.is_null() {
        let none = body.is_null();
        return if none {
            Vec::new()
        } else {
            vec!["a body where none is wanted".to_owned()]
        };
    }
    let wanted = &content["application/json"]["schema"];
    if wanted.is_null() {
        return vec!["no JSON is wanted here".to_owned()];
    }
    // References in it start from the whole document.
    let mut root = Map::new();
    root.insert("components".to_owned(), schema["components"].clone());
    root.insert("allOf".to_owned(), json!([wanted]));
    let validator = jsonschema::draft202012::new(&Value::Object(root)).unwrap();
    let errors = validator.iter_errors(body);
    errors
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect()
}
