//! Counters of requests, and the text form in which Prometheus reads figures. Counting is a few atomic
//! additions: every route has its cells from the start.

use axum::http::Method;
use std::fmt::{Display, Write as _};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "DELETE", "HEAD", "other"];
/// Statuses that are given; the last cell takes all others.
const STATUSES: [u16; 20] = [
    200, 201, 204, 308, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 501, 503,
    0,
];
/// Upper bounds of the buckets, in microseconds; what is above them is counted all the same.
const BOUNDS_US: [u64; 13] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    5_000_000,
];

/// Figures in the text form of Prometheus.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// Begins the figure `name`.
    pub fn begin(&mut self, name: &str, kind: &str, about: &str) {
        let _ = writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}");
    }

    /// One value of the figure `name`, by `labels`.
    pub fn value(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let shown = labels.iter().map(|(label, of)| format!("{label}=\"{}\"", escaped(of)));
        let labels: Vec<_> = shown.collect();
        let _ = writeln!(self.0, "{name}{{{}}} {value}", labels.join(","));
    }

    /// A counter of one value.
    pub fn counter(&mut self, name: &str, about: &str, value: impl Display) {
        self.one(name, "counter", about, value);
    }

    /// A gauge of one value.
    pub fn gauge(&mut self, name: &str, about: &str, value: impl Display) {
        self.one(name, "gauge", about, value);
    }

    /// The whole text.
    pub fn done(self) -> String {
        self.0
    }

    fn one(&mut self, name: &str, kind: &str, about: &str, value: impl Display) {
        self.begin(name, kind, about);
        let _ = writeln!(self.0, "{name} {value}");
    }
}

/// The value of a label as it stands between quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// What was answered, by route and method.
#[derive(Debug)]
pub struct Figures {
    /// Sorted; the first one, empty, stands for paths that lead nowhere.
    routes: Vec<String>,
    cells: Vec<Cell>,
}

#[derive(Debug, Default)]
struct Cell {
    by_status: [AtomicU64; STATUSES.len()],
    by_time: [AtomicU64; BOUNDS_US.len() + 1],
    total_us: AtomicU64,
}

impl Figures {
    /// Nothing counted yet, for `routes`.
    pub fn of<'a>(routes: impl Iterator<Item = &'a str>) -> Self {
        let mut routes: Vec<String> = routes.chain([""]).map(str::to_owned).collect();
        routes.sort_unstable();
        routes.dedup();
        let cells = (0..routes.len() * METHODS.len()).map(|_| Cell::default()).collect();
        Self { routes, cells }
    }

    /// Counts one answer.
    pub fn count(&self, route: &str, method: &Method, status: u16, took: Duration) {
        let route = self.routes.binary_search_by(|known| known.as_str().cmp(route)).unwrap_or(0);
        let method = METHODS.iter().position(|known| *known == method.as_str());
        let cell = &self.cells[route * METHODS.len() + method.unwrap_or(METHODS.len() - 1)];
        let status = STATUSES.iter().position(|known| *known == status);
        cell.by_status[status.unwrap_or(STATUSES.len() - 1)].fetch_add(1, Relaxed);
        let us = took.as_micros() as u64;
        cell.by_time[BOUNDS_US.partition_point(|bound| *bound < us)].fetch_add(1, Relaxed);
        cell.total_us.fetch_add(us, Relaxed);
    }

    /// Writes every cell that was used.
    pub fn write(&self, text: &mut Text) {
        let name = "docket_http_requests_total";
        text.begin(name, "counter", "Requests answered.");
        let Text(text) = text;
        for (labels, cell) in self.used() {
            for (status, count) in STATUSES.iter().zip(&cell.by_status) {
                let count = count.load(Relaxed);
                if count > 0 {
                    let _ = writeln!(text, "{name}{{{labels},status=\"{status}\"}} {count}");
                }
            }
        }
        let name = "docket_http_request_duration_seconds";
        let _ = writeln!(
            text,
            "# HELP {name} From the head of a request to its answer.\n# TYPE {name} histogram"
        );
        for (labels, cell) in self.used() {
            let mut below = 0;
            for (bound, count) in BOUNDS_US.iter().zip(&cell.by_time) {
                below += count.load(Relaxed);
                let bound = *bound as f64 / 1e6;
                let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {below}");
            }
            below += cell.by_time[BOUNDS_US.len()].load(Relaxed);
            let seconds = cell.total_us.load(Relaxed) as f64 / 1e6;
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {below}");
            let _ = writeln!(text, "{name}_sum{{{labels}}} {seconds}");
            let _ = writeln!(text, "{name}_count{{{labels}}} {below}");
        }
    }

    fn used(&self) -> impl Iterator<Item = (String, &Cell)> {
        let used = |cell: &Cell| cell.by_time.iter().any(|count| count.load(Relaxed) > 0);
        let cells = self.cells.iter().enumerate().filter(move |(_, cell)| used(cell));
        cells.map(|(index, cell)| {
            let (route, method) =
                (&self.routes[index / METHODS.len()], METHODS[index % METHODS.len()]);
            (format!("route=\"{route}\",method=\"{method}\""), cell)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_route_status_and_time() {
        let figures = Figures::of(["/api/orders", "/livez"].into_iter());
        figures.count("/api/orders", &Method::POST, 201, Duration::from_micros(900));
        figures.count("/api/orders", &Method::POST, 201, Duration::from_secs(9));
        figures.count("/nowhere", &Method::PATCH, 418, Duration::ZERO);
        let mut text = Text::default();
        figures.write(&mut text);
        let text = text.done();
        let labels = r#"route="/api/orders",method="POST""#;
        for line in [
            format!("docket_http_requests_total{{{labels},status=\"201\"}} 2"),
            format!("docket_http_request_duration_seconds_bucket{{{labels},le=\"0.001\"}} 1"),
            format!("docket_http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} 2"),
            format!("docket_http_request_duration_seconds_sum{{{labels}}} 9.0009"),
            r#"docket_http_requests_total{route="",method="other",status="0"} 1"#.to_owned(),
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
        assert!(!text.contains("/livez"));
    }
}
