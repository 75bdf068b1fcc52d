//! Users with roles, and logging in. Keys of programs are in `keys`, failed tries in `tries`.

use crate::access::login_throttle::Peer;
use crate::access::{self, Principal, Reach, Role, Scope, reach_of};
use crate::{App, Error, Idempotency, Once, vault};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use docket_domain::{FieldError, Id, Refusal, Time, time};
use docket_store::{SessionRow, UserRow};

/// How long a login lasts.
const SESSION: time::Millis = 12 * time::HOUR;
/// Passwords that are looked at at the same time.
static HASHING: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);
/// Logins of one user at a time; one more ends the oldest.
const SESSIONS_MAX: usize = 50;
/// The shortest password taken.
const PASSWORD_CHARS_MIN: usize = 8;

/// A user to add.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name to log in with.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// Where: in the whole installation if nothing is named.
    pub reach: Reach,
    /// At least 8 characters.
    pub password: String,
}

/// A user as it is stored, with where it may act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The row, without its password.
    pub row: UserRow,
    /// The shops and places it is limited to.
    pub reach: Reach,
}

pub(crate) fn named(name: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_alphanumeric() || "._-@ ".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        let message = "a name has 1 to 64 bytes: letters, digits, . _ - @ and blanks".to_owned();
        return Err(FieldError { field: "name".to_owned(), code: "not_a_name", message }.into());
    }
    Ok(())
}

impl App {
    /// Adds a user, once under an idempotency key.
    pub async fn add_user(
        &self,
        who: &Principal,
        user: NewUser,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<User>, Error> {
        let NewUser { name, role, reach, password } = user;
        who.needs_whole(Scope::Admin)?;
        named(&name)?;
        if let Some(before) = self.done_before(idempotency).await? {
            return self.named_user(who, before).await.map(Once::Before);
        }
        let password = hashed(&password).await?;
        if self.store().user(&name).await?.is_some() {
            return Err(Error::Taken { what: "user", name });
        }
        let body = serde_json::to_string(&reach).expect("a reach is plain JSON");
        let made = move |id, now| {
            let row = UserRow {
                id,
                name: name.clone(),
                role: role.word().to_owned(),
                password: password.clone(),
                body: body.clone(),
                created_at: now,
                disabled_at: None,
                last_login_at: None,
            };
            vec![row.add()]
        };
        Ok(match self.write_once(idempotency, None, made).await? {
            Once::Now(id) => Once::Now(self.named_user(who, id).await?),
            Once::Before(id) => Once::Before(self.named_user(who, id).await?),
        })
    }

    /// Every user, without passwords.
    pub async fn users(&self, who: &Principal) -> Result<Vec<User>, Error> {
        who.needs_whole(Scope::Admin)?;
        let users = self.store().users().await?.into_iter().map(|row| {
            let reach = reach_of(&row)?;
            Ok(User { row: UserRow { password: String::new(), ..row }, reach })
        });
        users.collect()
    }

    /// Disables a user and ends its sessions.
    pub async fn disable_user(&self, who: &Principal, id: Id) -> Result<(), Error> {
        who.needs_whole(Scope::Admin)?;
        if self.store().user_of(id).await?.is_none() {
            return Err(Error::NotFound { what: "user", id: id.to_string() });
        }
        self.write_numbered(move |_, now| vec![UserRow::disable(id, now), SessionRow::end_all(id)])
            .await?;
        self.inner.access.forget();
        Ok(())
    }

    /// Lets a user that was disabled log in again.
    pub async fn enable_user(&self, who: &Principal, id: Id) -> Result<User, Error> {
        self.named_user(who, id).await?;
        self.write_numbered(move |_, _| vec![UserRow::enable(id)]).await?;
        self.named_user(who, id).await
    }

    /// Gives a user another password and ends its sessions.
    pub async fn reset_password(
        &self,
        who: &Principal,
        id: Id,
        password: &str,
    ) -> Result<User, Error> {
        self.named_user(who, id).await?;
        let password = hashed(password).await?;
        self.write_numbered(move |_, _| {
            vec![UserRow::set_password(id, &password), SessionRow::end_all(id)]
        })
        .await?;
        self.inner.access.forget();
        self.named_user(who, id).await
    }

    /// Gives the user who asks, with the token `token`, another password; its other sessions end.
    pub async fn change_password(
        &self,
        who: &Principal,
        token: &str,
        (old, new): (&str, &str),
        peer: Peer,
    ) -> Result<(), Error> {
        let user = self.own_user(who).await?;
        let tried = self.inner.access.login_throttle().begin(&user.name, peer, self.now())?;
        if !verified(Some(&user), old).await? {
            let message = "is not the present password".to_owned();
            return Err(FieldError { field: "old".to_owned(), code: "wrong", message }.into());
        }
        self.inner.access.login_throttle().succeeded(tried);
        let (id, kept) = (user.id, access::hash(token));
        let password = hashed(new).await?;
        self.write_numbered(move |_, _| {
            vec![UserRow::set_password(id, &password), SessionRow::end_others(id, kept)]
        })
        .await?;
        self.inner.access.forget();
        Ok(())
    }

    /// Ends the session with the token `token`.
    pub async fn logout(&self, who: &Principal, token: &str) -> Result<(), Error> {
        self.own_user(who).await?;
        let hash = access::hash(token);
        self.write_numbered(move |_, _| vec![SessionRow::end(hash)]).await?;
        self.inner.access.forget();
        Ok(())
    }

    /// The user who asks.
    async fn own_user(&self, who: &Principal) -> Result<UserRow, Error> {
        let user = if who.role.is_some() { self.store().user_of(who.id).await? } else { None };
        user.ok_or(Error::NotAllowed("this is for people who logged in, and this is a key"))
    }

    async fn named_user(&self, who: &Principal, id: Id) -> Result<User, Error> {
        who.needs_whole(Scope::Admin)?;
        let row = self.store().user_of(id).await?;
        let row = row.ok_or_else(|| Error::NotFound { what: "user", id: id.to_string() })?;
        let reach = reach_of(&row)?;
        Ok(User { row: UserRow { password: String::new(), ..row }, reach })
    }

    /// Checks name and password, sent by `peer`, and answers a token and until when it is valid.
    pub async fn login(
        &self,
        name: &str,
        password: &str,
        peer: Peer,
    ) -> Result<(String, Time), Error> {
        let now = self.now();
        let tried = self.inner.access.login_throttle().begin(name, peer, now)?;
        let user = self.store().user(name).await?.filter(|user| user.disabled_at.is_none());
        let correct = verified(user.as_ref(), password).await?;
        let Some(user) = user.filter(|_| correct) else {
            return Err(Error::Unauthenticated("the name or the password is wrong"));
        };
        self.inner.access.login_throttle().succeeded(tried);
        let token = format!("ds_{}", hex::encode(vault::random::<32>()));
        let hash = access::hash(&token);
        let expires_at = now.plus(SESSION);
        let session = SessionRow { hash, user: user.id, expires_at };
        let oldest = self.store().sessions_beyond(user.id, SESSIONS_MAX - 1).await?;
        self.write_numbered(move |_, now| {
            let mut writes = vec![SessionRow::forget_before(now), session.add()];
            writes.push(UserRow::logged_in(session.user, now));
            writes.extend(oldest.iter().map(|old| SessionRow::end(old.hash)));
            writes
        })
        .await?;
        Ok((token, expires_at))
    }
}

/// Whether `password` is that of `user`. A user that does not exist costs the same time as a wrong password.
async fn verified(user: Option<&UserRow>, password: &str) -> Result<bool, Error> {
    let stored = user.map(|user| user.password.clone());
    let password = password.to_owned();
    hashing(move || {
        let stored = stored.unwrap_or_else(|| nobody().to_owned());
        PasswordHash::new(&stored).is_ok_and(|stored| {
            Argon2::default().verify_password(password.as_bytes(), &stored).is_ok()
        })
    })
    .await
}

/// Does `work`, one hash, in its turn and on a thread that may take its time: each takes 19 MiB and a core for a while,
/// whether or not anybody waits for it any more.
async fn hashing<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let turn = HASHING.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
    let hashed = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    hashed.await.map_err(|error| Error::Internal(error.to_string()))
}

/// Hashes a new password.
async fn hashed(password: &str) -> Result<String, Error> {
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > 256 {
        let message =
            format!("a password has at least {PASSWORD_CHARS_MIN} characters, at most 256 bytes");
        let error = FieldError { field: "password".to_owned(), code: "bad_password", message };
        return Err(Refusal::Invalid(vec![error]).into());
    }
    let password = password.to_owned();
    let hash = hashing(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    hash.await?.map_err(|error| Error::Internal(error.to_string()))
}

/// The hash of a password nobody has, made once.
fn nobody() -> &'static str {
    static NOBODY: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    NOBODY.get_or_init(|| {
        let password = hex::encode(vault::random::<16>());
        let hash = Argon2::default().hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string()).unwrap_or_default()
    })
}
