//! Somebody between a center and a marketplace who hands on what is asked and answered, and may change the answers: what no
//! behaviour of the sandbox does.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of the answer to a question.
type Edit = Box<dyn FnMut(&Value, Value) -> Value + Send>;

/// A door to a marketplace.
pub struct Between {
    pub url: String,
    edit: Arc<Mutex<Edit>>,
}

impl Between {
    /// A door to the one at `url` that changes nothing.
    pub fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let edit: Arc<Mutex<Edit>> = Arc::new(Mutex::new(Box::new(|_, reply| reply)));
        let (far, edits) = (url.to_owned(), Arc::clone(&edit));
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let (far, edits) = (far.clone(), Arc::clone(&edits));
                // Whoever asked may have gone.
                thread::spawn(move || drop(hand_on(near, &far, &edits)));
            }
        });
        Self { url: format!("http://127.0.0.1:{port}"), edit }
    }

    /// From now on answers become what `edit` makes of them; it sees the question too.
    pub fn edits(&self, edit: impl FnMut(&Value, Value) -> Value + Send + 'static) {
        *self.edit.lock().expect("no edit panics") = Box::new(edit);
    }
}

/// The first line, the headers and the body.
type Message = (String, Vec<String>, Vec<u8>);

/// One message of HTTP. None where the connection is closed.
fn message(from: &mut impl BufRead) -> std::io::Result<Option<Message>> {
    let (mut first, mut headers, mut length) = (String::new(), Vec::new(), 0);
    if from.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        } else {
            headers.push(line);
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(Some((first, headers, body)))
}

fn send(to: &mut impl Write, first: &str, headers: &[String], body: &[u8]) -> std::io::Result<()> {
    let head = format!("{first}{}content-length: {}\r\n\r\n", headers.concat(), body.len());
    to.write_all(&[head.as_bytes(), body].concat())
}

fn hand_on(near: TcpStream, far: &str, edit: &Mutex<Edit>) -> std::io::Result<()> {
    let far = TcpStream::connect(far.trim_start_matches("http://"))?;
    let (mut near, mut far) = (BufReader::new(near), BufReader::new(far));
    while let Some((first, headers, asked)) = message(&mut near)? {
        // Byte for byte: it is signed.
        send(far.get_mut(), &first, &headers, &asked)?;
        let Some((first, headers, said)) = message(&mut far)? else { break };
        let (asked, said) = (serde_json::from_slice(&asked), serde_json::from_slice(&said));
        let said = (*edit.lock().expect("no edit panics"))(
            &asked.unwrap_or_default(),
            said.unwrap_or_default(),
        );
        send(near.get_mut(), &first, &headers, said.to_string().as_bytes())?;
    }
    Ok(())
}
