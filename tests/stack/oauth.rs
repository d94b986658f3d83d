//! A small OAuth server: it exchanges refresh tokens, and tells Dovecot whose an access token is (RFC 7662).

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, mpsc},
};

use axum::{Form, Json, Router, extract::State, http::StatusCode, routing::post};
use serde_json::{Value, json};

#[derive(Debug, Default)]
struct Grants {
    /// Access token → user, for those that are still good.
    access: HashMap<String, String>,
    /// Refresh token → user.
    refresh: HashMap<String, String>,
    lives_for: u64,
    refreshed: u32,
    failing: bool,
    rotating: bool,
    /// What is said of a refresh token's own life, in seconds.
    ends_in: Option<u64>,
}

/// The server. Clones are the same one.
#[derive(Debug, Clone)]
pub struct OauthServer {
    address: SocketAddr,
    grants: Arc<Mutex<Grants>>,
}

impl OauthServer {
    /// Starts it on a thread of its own, which ends with the process.
    pub(super) fn start() -> Self {
        let grants = Arc::new(Mutex::new(Grants {
            lives_for: 3600,
            ..Grants::default()
        }));
        let app = Router::new()
            .route("/token", post(token))
            .route("/introspect", post(introspect))
            .with_state(grants.clone());
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(async {
                    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                    tell.send(listener.local_addr().unwrap()).unwrap();
                    axum::serve(listener, app).await.unwrap();
                });
        });
        Self {
            address: told.recv().unwrap(),
            grants,
        }
    }

    /// Where refresh tokens are exchanged.
    pub fn token_endpoint(&self) -> String {
        format!("http://{}/token", self.address)
    }

    pub(super) fn introspection_endpoint(&self) -> String {
        format!("http://{}/introspect", self.address)
    }

    /// Lets a user have access tokens for this refresh token.
    pub fn allow(&self, user: &str, refresh_token: &str) {
        let mut grants = self.grants.lock().unwrap();
        grants.refresh.insert(refresh_token.into(), user.into());
    }

    /// Takes a refresh token back.
    pub fn revoke(&self, refresh_token: &str) {
        self.grants.lock().unwrap().refresh.remove(refresh_token);
    }

    /// Makes an access token good for a user.
    pub fn allow_access(&self, user: &str, access_token: &str) {
        let mut grants = self.grants.lock().unwrap();
        grants.access.insert(access_token.into(), user.into());
    }

    /// Ends all access tokens that were given out, before their time.
    pub fn expire_all(&self) {
        self.grants.lock().unwrap().access.clear();
    }

    /// Lets the token endpoint answer with a server's error.
    pub fn fail(&self, failing: bool) {
        self.grants.lock().unwrap().failing = failing;
    }

    /// Lets each refresh token be good for one exchange, which gives the next one.
    pub fn rotate(&self) {
        self.grants.lock().unwrap().rotating = true;
    }

    /// What `expires_in` says from now on, in seconds.
    pub fn live_for(&self, seconds: u64) {
        self.grants.lock().unwrap().lives_for = seconds;
    }

    /// What `refresh_token_expires_in` says from now on, in seconds.
    pub fn end_in(&self, seconds: u64) {
        self.grants.lock().unwrap().ends_in = Some(seconds);
    }

    /// How many access tokens were given out.
    pub fn refreshed(&self) -> u32 {
        self.grants.lock().unwrap().refreshed
    }
}

type Fields = Form<HashMap<String, String>>;

async fn token(
    State(grants): State<Arc<Mutex<Grants>>>,
    Form(fields): Fields,
) -> (StatusCode, Json<Value>) {
    let mut grants = grants.lock().unwrap();
    if grants.failing {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({})));
    }
    assert_eq!(fields["grant_type"], "refresh_token");
    assert_eq!(fields["client_id"], "frontdesk");
    let Some(user) = grants.refresh.get(&fields["refresh_token"]).cloned() else {
        return (
            StatusCode::BAD_REQUEST,
            Json(json!({"error": "invalid_grant"})),
        );
    };
    grants.refreshed += 1;
    let access = format!("access-{}", grants.refreshed);
    grants.access.insert(access.clone(), user.clone());
    let mut answer = json!({
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": grants.lives_for,
    });
    if let Some(seconds) = grants.ends_in {
        answer["refresh_token_expires_in"] = seconds.into();
    }
    if grants.rotating {
        grants.refresh.remove(&fields["refresh_token"]);
        let next = format!("refresh-{}", grants.refreshed);
        grants.refresh.insert(next.clone(), user);
        answer["refresh_token"] = next.into();
    }
    (StatusCode::OK, Json(answer))
}

async fn introspect(State(grants): State<Arc<Mutex<Grants>>>, Form(fields): Fields) -> Json<Value> {
    let grants = grants.lock().unwrap();
    Json(match grants.access.get(&fields["token"]) {
        Some(user) => json!({"active": true, "username": user}),
        None => json!({"active": false}),
    })
}
