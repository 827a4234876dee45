//! The client against servers that are not as they should be.

use super::server::{Server, Stream, answer, nobody};
use super::{LONG, SHORT, check, client, get};
use cfgctl::domain::error::Code;
use cfgctl::net::{Method, Request};
use std::time::{Duration, Instant};

fn write(stream: &mut dyn Stream, text: &str) {
    let _ = stream.write_all(text.as_bytes());
    let _ = stream.flush();
}

/// What is never to appear in an error.
fn secretly(server: &Server, path: &str) -> Request {
    let headers = vec![("authorization".to_owned(), "Bearer canary".to_owned())];
    Request { headers, ..get(server.url(&format!("{path}?token=canary"))) }
}

#[test]
fn an_answer_comes_with_its_status_its_headers_and_its_whole_body() {
    let server = Server::new(|asked, stream| {
        answer(stream, 418, "X-One: 1\r\n", &format!("{} {}", asked.line, asked.body))
    });
    let request = Request { method: Method::Post, body: b"in".to_vec(), ..secretly(&server, "/a") };
    let came = client().send(&request).unwrap();
    assert_eq!((came.status, came.header("x-one")), (418, Some("1")));
    assert_eq!(String::from_utf8(came.body).unwrap(), "POST /a?token=canary HTTP/1.1 in");
    let asked = &server.asked()[0];
    assert_eq!(asked.header("authorization"), Some("Bearer canary"));
    assert!(asked.header("user-agent").unwrap().starts_with("cfgctl/"));
    assert_eq!(asked.header("accept-encoding"), None, "a short answer could become a long one");
}

#[test]
fn what_drips_ends_with_its_time_and_not_later() {
    let dripping = |head: &'static str| {
        Server::new(move |_, stream| {
            write(stream, head);
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(10) && stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
        })
    };
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: ",
        "",
    ] {
        let server = dripping(head);
        let begun = Instant::now();
        let error = client().send(&Request { timeout: SHORT, ..secretly(&server, "/") }).unwrap_err();
        // Letter by letter what comes first may also show that it is no answer of a web server.
        check(&error, Code::Unavailable, &server.host());
        assert!(!head.ends_with("\r\n\r\n") || error.message.contains("within 1s"), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{head:?}: {:?}", begun.elapsed());
    }
}

#[test]
fn who_says_nothing_at_all_has_only_its_time() {
    let server = Server::new(|_, _| std::thread::sleep(Duration::from_secs(5)));
    let begun = Instant::now();
    let error = client().send(&Request { timeout: SHORT, ..secretly(&server, "/") }).unwrap_err();
    check(&error, Code::Unavailable, "did not answer whole within 1s");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_is_no_http_is_told_apart_from_what_breaks_off() {
    for (text, says) in [
        ("SSH-2.0-OpenSSH_9.6\r\n", "does not answer as a web server does"),
        ("\u{0}\u{1}\u{2}garbage\r\n\r\n", "does not answer as a web server does"),
        ("HTTP/1.1 canary\r\n\r\n", "does not answer as a web server does"),
        ("", "broke off before it answered"),
        ("HTTP/1.1 200 OK\r\ncontent-le", "broke off before it answered"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", "broke off in the middle of its answer"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", "broke off in the middle"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab\r\n", "broke off in the middle"),
    ] {
        let server = Server::new(move |_, stream| write(stream, text));
        let error = client().send(&secretly(&server, "/")).unwrap_err();
        check(&error, Code::Unavailable, &format!("{} {says}", server.host()));
    }
}

#[test]
fn what_is_longer_than_allowed_is_given_up_whatever_length_was_announced() {
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    ] {
        let server = Server::new(move |_, stream| {
            write(stream, head);
            let body = "x".repeat(0x8000);
            let chunk = if head.contains("chunked") { format!("8000\r\n{body}\r\n") } else { body };
            // Without end, as far as a test goes.
            for _ in 0..4096 {
                if stream.write_all(chunk.as_bytes()).is_err() {
                    return;
                }
            }
        });
        let error = client().send(&secretly(&server, "/")).unwrap_err();
        check(&error, Code::Invalid, "more than 1048576 bytes");
    }
    let exact = Server::new(|_, stream| answer(stream, 200, "", &"x".repeat(1 << 20)));
    assert_eq!(client().send(&get(exact.url("/"))).unwrap().body.len(), 1 << 20);
}

#[test]
fn compressed_content_is_not_unpacked() {
    let server = Server::new(|_, stream| answer(stream, 200, "content-encoding: gzip\r\n", "packed"));
    assert_eq!(client().send(&get(server.url("/"))).unwrap().body, b"packed");
}

#[test]
fn who_is_gone_and_whose_name_nobody_knows_is_told_at_once() {
    let begun = Instant::now();
    let error = client().send(&get(nobody() + "?token=canary")).unwrap_err();
    check(&error, Code::Unavailable, "refuses the connection");
    let error = client().send(&get("http://no-such-host.invalid/?token=canary".to_owned())).unwrap_err();
    check(&error, Code::Unavailable, "no-such-host.invalid");
    assert!(begun.elapsed() < LONG);
}

#[test]
fn plain_http_is_not_sent_where_it_is_not_allowed_not_even_to_this_machine() {
    let server = Server::new(|_, stream| answer(stream, 200, "", ""));
    let error = client().send(&Request { allow_plain: false, ..secretly(&server, "/") }).unwrap_err();
    check(&error, Code::Invalid, "plain http, which is not allowed");
    assert!(server.asked().is_empty());
}

#[test]
fn a_redirect_is_followed_five_times_and_no_further() {
    let server = Server::new(|asked, stream| {
        let number: u32 = asked.line.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
        match number {
            0 => answer(stream, 200, "", "there"),
            _ => answer(stream, 302, &format!("location: /{}\r\n", number - 1), ""),
        }
    });
    assert_eq!(client().send(&get(server.url("/5"))).unwrap().body, b"there");
    assert_eq!(server.asked().len(), 6);
    check(
        &client().send(&get(server.url("/6"))).unwrap_err(),
        Code::Unavailable,
        "redirects more than 5 times",
    );
    let turning = Server::new(|_, stream| answer(stream, 307, "location: /\r\n", ""));
    check(&client().send(&secretly(&turning, "/")).unwrap_err(), Code::Unavailable, "more than 5 times");
    assert_eq!(turning.asked().len(), 6);
}

#[test]
fn what_is_sent_to_one_server_does_not_follow_a_redirect_to_another() {
    let other = Server::new(|_, stream| answer(stream, 200, "", "other"));
    let to = format!("location: {}\r\n", other.url("/there"));
    let server = Server::new(move |asked, stream| match asked.line.contains("/first") {
        true => answer(stream, 301, "location: /second\r\n", ""),
        false => answer(stream, 301, &to, ""),
    });
    let mut request = secretly(&server, "/first");
    request.headers.push(("x-vault-token".to_owned(), "canary".to_owned()));
    assert_eq!(client().send(&request).unwrap().body, b"other");
    let same = &server.asked()[1];
    assert_eq!(same.header("authorization"), Some("Bearer canary"), "on the same server they go along");
    assert!(!format!("{:?}", other.asked()).contains("canary"), "{:?}", other.asked());
}

#[test]
fn who_leads_back_does_not_get_others_headers_spent() {
    let own = Server::new(|asked, stream| match asked.header("x-other") {
        Some(other) => answer(stream, 302, &format!("location: {other}\r\n"), ""),
        None => answer(stream, 200, "", "back"),
    });
    let back = format!("location: {}\r\n", own.url("/dangerous"));
    let other = Server::new(move |_, stream| answer(stream, 302, &back, ""));
    let mut request = secretly(&own, "/");
    request.headers.push(("x-other".to_owned(), other.url("/")));
    assert_eq!(client().send(&request).unwrap().body, b"back");
    assert_eq!(own.asked()[1].header("authorization"), None);
}

#[test]
fn what_does_something_is_not_sent_on() {
    let server = Server::new(|_, stream| answer(stream, 307, "location: /other\r\n", ""));
    for method in [Method::Post, Method::Put, Method::Delete] {
        let came = client().send(&Request { method, body: b"x".to_vec(), ..get(server.url("/")) }).unwrap();
        assert_eq!(came.status, 307);
    }
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn a_header_that_could_become_two_is_not_sent() {
    let server = Server::new(|_, stream| answer(stream, 200, "", ""));
    for (name, value) in [("x-token", "canary\r\nx-other: 1"), ("x token", "canary"), ("", "canary")] {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let error = client().send(&Request { headers, ..get(server.url("/")) }).unwrap_err();
        check(&error, Code::Invalid, "cannot be sent");
    }
    assert!(server.asked().is_empty());
}

#[test]
fn many_requests_at_once_each_get_their_own_answer() {
    let server = Server::new(|asked, stream| answer(stream, 200, "", &asked.line));
    let client = client();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (client, server) = (&client, &server);
            scope.spawn(move || {
                let came = client.send(&get(server.url(&format!("/{number}")))).unwrap();
                assert!(String::from_utf8(came.body).unwrap().starts_with(&format!("GET /{number} ")));
            });
        }
    });
}
