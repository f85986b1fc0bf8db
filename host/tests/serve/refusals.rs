//! What a host refuses to start with, and says.

use std::fs;
use std::net::TcpListener;

use crate::host::Host;
use crate::support::Program;

#[test]
fn a_taken_port_is_told_with_its_option() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = Program::new().run(&["--listen", &address]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains(&address) && ran.stderr.contains("--listen"), "{ran:?}");
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_second_host_on_the_same_data_is_told_who_has_it() {
    let program = Program::new();
    let host = Host::start(&program);
    let second = program.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, Some(9), "{second:?}");
    for told in [&host.process_id().to_string(), &host.url, "--data-dir"] {
        assert!(second.stderr.contains(told), "{told}: {second:?}");
    }
    let elsewhere = program.home().join("elsewhere");
    drop(Host::start_with(&program, &["--data-dir", elsewhere.to_str().unwrap()]));
}

#[test]
fn a_host_that_others_reach_needs_a_token() {
    let program = Program::new();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let ran = program.run(&["--listen", address]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        for told in ["--token-file", "CANVAS_MEMORY_TOKEN", "openssl rand"] {
            assert!(ran.stderr.contains(told), "{told}: {ran:?}");
        }
    }
    assert!(!program.data_dir().exists(), "nothing was touched");
    for (content, says) in [(Some(" \n"), "empty"), (None, "can't be read")] {
        let file = program.home().join("token");
        let _ = fs::remove_file(&file);
        if let Some(content) = content {
            fs::write(&file, content).unwrap();
        }
        let ran = program.run(&["--listen", "127.0.0.1:0", "--token-file", file.to_str().unwrap()]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(says), "{ran:?}");
    }
}

#[test]
fn sealed_credentials_without_their_key_keep_the_host_shut() {
    let program = Program::new();
    let fields = r#"{"accessKey": "AKIAEXAMPLE", "secretAccessKey": "hunter2"}"#;
    program.run_with_stdin(&["credential", "add", "aws", "--type", "dynamodbMemoryApi"], fields).ok();
    let key = program.home().join(".config/canvas-memory/key");
    let away = program.home().join("away");
    fs::rename(&key, &away).unwrap();
    let record = program.data_dir().join("credentials/aws.json");
    let sealed = fs::read_to_string(&record).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(&sealed).unwrap();
    let ran = program.run(&["--listen", "127.0.0.1:0"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{ran:?}");
    for told in [parsed["key_id"].as_str().unwrap(), key.to_str().unwrap(), "--key-file", "CANVAS_MEMORY_KEY"]
    {
        assert!(ran.stderr.contains(told), "{told}: {ran:?}");
    }
    assert!(!key.exists(), "no new key was made");
    assert_eq!(fs::read_to_string(&record).unwrap(), sealed);
    drop(Host::start_with(&program, &["--key-file", away.to_str().unwrap()]));
}

#[test]
fn nonsense_on_the_command_line_is_named() {
    let program = Program::new();
    for (args, says) in [
        (&["--listen", "nowhere"][..], "--listen"),
        (&["--listen", "127.0.0.1:99999"], "--listen"),
        (&["--listen", "192.0.2.1:0", "--token-file", "/dev/null"], "empty"),
        (&["--allow-endpoint", "http://127.0.0.1:1/v1"], "host and port alone"),
        (&["--machine-identity=perhaps"], "--machine-identity"),
        (&["--token-file", "/no/such/file"], "/no/such/file"),
        (&["--listen", "127.0.0.1:0", "chat", "Hello"], "behind `serve`"),
        (&["sevre"], "serve"),
        (&["serve", "--data-dir", "/dev/null"], "/dev/null"),
        (&["chat", "--flow", "a", "--model", "echo", "Hello"], "--flow"),
        (&["chat", "--flow", "nobody", "Hello"], "nobody"),
        (&["chat", "--flow", "/no/such/flow.json", "Hello"], "/no/such/flow.json"),
        (&["chat", "--flow", "/dev/null", "Hello"], "flow"),
    ] {
        let ran = program.run(args);
        assert!(ran.code.is_some_and(|code| code != 0), "{ran:?}");
        assert!(ran.stderr.contains(says) && !ran.stderr.contains("panicked"), "{says}: {ran:?}");
        assert_eq!(ran.stdout, "", "{ran:?}");
    }
}

#[test]
fn a_password_does_not_stand_on_a_command_line() {
    let program = Program::new();
    for url in [
        "redis://:hunter2@127.0.0.1:1",
        "redis://me:hunter2@127.0.0.1:1",
        "redis+unix:///run/redis.sock?user=me&pass=hunter2",
    ] {
        for command in
            [&["--listen", "127.0.0.1:0", "--redis", url][..], &["engine", "upstash", "--redis", url]]
        {
            let ran = program.run(command);
            assert_eq!(ran.code, Some(2), "{command:?}: {ran:?}");
            assert!(ran.stderr.contains("CANVAS_MEMORY_REDIS_URL"), "{ran:?}");
            assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
        }
    }
}
