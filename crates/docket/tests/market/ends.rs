//! How a center ends, by itself or killed, and starts again.

use super::Center;
use docket_testkit::TestDatabase;

impl Center {
    /// Ends the center, and starts it again where it kills itself at `point`.
    pub fn start_fatal(&mut self, point: &str) {
        assert!(self.serve.terminate().success());
        let fatal = [("DOCKET_FAILPOINT".to_owned(), point.to_owned())];
        let settings = [&self.settings[..], &fatal].concat();
        self.serve = Self::serve(&self.data, &self.database, &settings);
        self.turn();
    }

    /// Ends the center, and starts it again; `meanwhile` something happens to its database.
    pub fn away(&mut self, meanwhile: impl FnOnce(&TestDatabase)) {
        assert!(self.serve.terminate().success());
        meanwhile(&self.database);
        self.serve = Self::serve(&self.data, &self.database, &self.settings);
        self.turn();
    }

    /// Ends the center, and starts it again with these settings beside its own.
    pub fn started_with(&mut self, settings: &[(&str, &str)]) {
        assert!(self.serve.terminate().success());
        let more = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.settings.extend(more);
        self.serve = Self::serve(&self.data, &self.database, &self.settings);
        self.turn();
    }

    /// Kills the center, and starts it again.
    pub fn killed_and_started(&mut self) {
        self.serve.kill();
        self.serve = Self::serve(&self.data, &self.database, &self.settings);
        self.turn();
    }
}
