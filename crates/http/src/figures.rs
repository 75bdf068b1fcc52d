//! Figures for Prometheus: what is counted of requests, and what one look of Prometheus is told.

use axum::http::Method;
use prometheus_client::encoding::{
    EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, prometheus_text,
};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{Atomic, ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// What the text of a `Scrape` calls itself.
pub use prometheus_text::CONTENT_TYPE;

/// Methods that are told apart: a stranger's word makes no row.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "HEAD"];
/// Upper bounds of the buckets, in seconds; what is above them is counted all the same.
const BOUNDS: [f64; 13] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// What one look of Prometheus is told. Figures bear their whole names, those of counters with `_total`.
#[derive(Debug, Default)]
pub struct Scrape(Registry);

impl Scrape {
    /// A counter of one value.
    pub fn counter<V>(&mut self, name: &str, about: &str, value: V)
    where
        V: EncodeCounterValue + Debug + Send + Sync + 'static,
    {
        self.0.register(of_counter(name), sentence(about), ConstCounter::new(value));
    }

    /// A gauge of one value.
    pub fn gauge<V>(&mut self, name: &str, about: &str, value: V)
    where
        V: EncodeGaugeValue + Debug + Send + Sync + 'static,
    {
        self.0.register(name, sentence(about), ConstGauge::new(value));
    }

    /// A counter with a value for each set of labels.
    pub fn counters<'a, const N: usize>(
        &mut self,
        name: &str,
        about: &str,
        values: impl IntoIterator<Item = (Labels<'a, N>, u64)>,
    ) {
        let family = Family::<OwnLabels<N>, Counter>::default();
        for (labels, value) in values {
            family.get_or_create(&own(labels)).inc_by(value);
        }
        self.0.register(of_counter(name), sentence(about), family);
    }

    /// A gauge with a value for each set of labels.
    pub fn gauges<'a, const N: usize, V>(
        &mut self,
        name: &str,
        about: &str,
        values: impl IntoIterator<Item = (Labels<'a, N>, V)>,
    ) where
        V: EncodeGaugeValue + Debug + Send + Sync + 'static,
        AtomicU64: Atomic<V>,
    {
        let family = Family::<OwnLabels<N>, Gauge<V, AtomicU64>>::default();
        for (labels, value) in values {
            family.get_or_create(&own(labels)).set(value);
        }
        self.0.register(name, sentence(about), family);
    }

    /// The text form of Prometheus.
    pub fn text(&self) -> String {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.0).expect("a String takes everything");
        text
    }
}

/// Names of labels and their values.
pub type Labels<'a, const N: usize> = [(&'static str, &'a str); N];
type OwnLabels<const N: usize> = [(&'static str, String); N];

fn own<const N: usize>(labels: Labels<'_, N>) -> OwnLabels<N> {
    labels.map(|(label, value)| (label, value.to_owned()))
}

/// The registry adds the end of a counter's name by itself.
fn of_counter(name: &str) -> &str {
    name.strip_suffix("_total").unwrap_or(name)
}

/// The registry ends a sentence by itself.
fn sentence(about: &str) -> &str {
    about.strip_suffix('.').unwrap_or(about)
}

/// What was answered, by route and method.
#[derive(Debug)]
pub struct Figures {
    /// Sorted; the first one, empty, stands for paths that lead nowhere.
    routes: Vec<Arc<str>>,
    answered: Family<AnswerLabels, Counter>,
    took: Family<RouteLabels, Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Arc<str>,
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    route: Arc<str>,
    method: &'static str,
    status: u16,
}

impl Figures {
    /// Nothing counted yet, for `routes`.
    pub fn of<'a>(routes: impl Iterator<Item = &'a str>) -> Self {
        let mut routes: Vec<Arc<str>> = routes.chain([""]).map(Arc::from).collect();
        routes.sort_unstable();
        routes.dedup();
        let took = Family::new_with_constructor((|| Histogram::new(BOUNDS)) as fn() -> _);
        Self { routes, answered: Family::default(), took }
    }

    /// Counts one answer.
    pub fn count(&self, route: &str, method: &Method, status: u16, took: Duration) {
        let route = self.routes.binary_search_by(|known| (**known).cmp(route)).unwrap_or(0);
        let route = &self.routes[route];
        let method = METHODS.into_iter().find(|known| *known == method.as_str());
        let method = method.unwrap_or("other");
        let answered = AnswerLabels { route: Arc::clone(route), method, status };
        self.answered.get_or_create(&answered).inc();
        let asked = RouteLabels { route: Arc::clone(route), method };
        self.took.get_or_create(&asked).observe(took.as_secs_f64());
    }

    /// Tells what was counted so far.
    pub fn tell(&self, scrape: &mut Scrape) {
        let Scrape(registry) = scrape;
        let name = of_counter("docket_http_requests_total");
        registry.register(name, "Requests answered", self.answered.clone());
        let about = "From the head of a request to its answer";
        registry.register("docket_http_request_duration_seconds", about, self.took.clone());
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
        let mut scrape = Scrape::default();
        figures.tell(&mut scrape);
        let text = scrape.text();
        let labels = r#"route="/api/orders",method="POST""#;
        for line in [
            format!("docket_http_requests_total{{{labels},status=\"201\"}} 2"),
            format!("docket_http_request_duration_seconds_bucket{{{labels},le=\"0.001\"}} 1"),
            format!("docket_http_request_duration_seconds_bucket{{{labels},le=\"1\"}} 1"),
            format!("docket_http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} 2"),
            format!("docket_http_request_duration_seconds_sum{{{labels}}} 9.0009"),
            r#"docket_http_requests_total{route="",method="other",status="418"} 1"#.to_owned(),
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
        assert!(!text.contains("/livez"));
    }
}
