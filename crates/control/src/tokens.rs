//! API tokens: made and revoked by people in a session, and turned into the actor that a request of a program has.

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    Actor, Permission,
    actor::ActorKind,
    audit::AuditAction,
    token::{LONGEST_LIFETIME_DAYS, LONGEST_TOKEN_NAME, MOST_TOKENS, Reach, TOKEN_PREFIX, TokenId},
    view::token::{CreatedToken, NewToken, TokenList, TokenRow, TokenState},
};
use sha2::{Digest as _, Sha256};
use store::{ApiToken, Hash, NewApiToken, NewEvent};

use crate::{
    Control, Error,
    error::{FieldError, authorize},
};

/// Random bytes of a secret: beyond guessing, so that one round of SHA-256 is enough to keep it.
const SECRET_BYTES: usize = 32;
/// Characters of them in base64.
const SECRET_TEXT: usize = 43;
const MOST_LISTED: u32 = 500;

fn digest(secret: &str) -> Hash {
    Hash(Sha256::digest(secret.as_bytes()).into())
}

fn row(token: ApiToken) -> TokenRow {
    TokenRow {
        state: match (token.usable, token.revoked_at) {
            (true, _) => TokenState::Active,
            (false, Some(_)) => TokenState::Revoked,
            (false, None) => TokenState::Expired,
        },
        id: token.id,
        name: token.name,
        person: token.person,
        person_name: token.person_name,
        scopes: token.scopes,
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
    }
}

#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_tokens(control: &Control, actor: &Actor) -> Result<TokenList, Error> {
    authorize(actor, Permission::ManageOwnTokens)?;
    let own = control.store.list_api_tokens(Some(&actor.id), MOST_LISTED).await?;
    let others = if actor.may(Permission::ManagePeople) {
        control.store.list_api_tokens(None, MOST_LISTED).await?
    } else {
        Vec::new()
    };
    Ok(TokenList {
        own: own.into_iter().map(row).collect(),
        others: others.into_iter().filter(|token| token.person != actor.id).map(row).collect(),
        now: control.clock.now(),
    })
}

/// The answer is the only place where the secret ever is.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn create_token(control: &Control, actor: &Actor, new: NewToken) -> Result<CreatedToken, Error> {
    authorize(actor, Permission::ManageOwnTokens)?;
    let name = new.name.trim();
    let mut errors = Vec::new();
    let mut refuse = |field: &str, message: String| {
        errors.push(FieldError { field: field.to_owned(), message });
    };
    if name.is_empty() || name.chars().count() > LONGEST_TOKEN_NAME || name.chars().any(char::is_control) {
        refuse("name", format!("say what uses it, in 1 to {LONGEST_TOKEN_NAME} characters"));
    }
    if new.scopes.is_empty() {
        refuse("scopes", "choose at least one: without a scope it could do nothing".to_owned());
    }
    if new.lifetime_days == 0 || new.lifetime_days > LONGEST_LIFETIME_DAYS {
        refuse("lifetime_days", format!("give 1 to {LONGEST_LIFETIME_DAYS} days"));
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let mut random = [0; SECRET_BYTES];
    rand::fill(&mut random).map_err(|_| Error::internal("the system gives no random bytes"))?;
    let secret = format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(random));

    let mut tx = control.store.begin().await?;
    if tx.count_api_tokens(&actor.id).await? as usize >= MOST_TOKENS {
        return Err(Error::Conflict(format!("you have {MOST_TOKENS} tokens: revoke one that nothing uses")));
    }
    let token = tx
        .insert_api_token(&NewApiToken {
            secret_sha256: digest(&secret),
            person: &actor.id,
            name,
            scopes: &new.scopes,
            lifetime_days: new.lifetime_days,
        })
        .await?;
    let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.as_str()).collect();
    let made = NewEvent {
        // Its name may be anything, also somebody's: it stays out of what can never be erased.
        detail: format!("scopes {}, for {} days", scopes.join(", "), new.lifetime_days),
        ..NewEvent::new(actor, AuditAction::CreateToken, token.id.to_string(), control.clock.now())
    };
    tx.append_audit(&made).await?;
    tx.commit().await?;
    Ok(CreatedToken { row: row(token), secret })
}

/// One's own, or anybody's for who manages people. A second time it is refused, so that nobody thinks it was them.
#[tracing::instrument(skip_all, fields(actor = actor.id, token = %id), err(level = "debug"))]
pub async fn revoke_token(control: &Control, actor: &Actor, id: TokenId) -> Result<(), Error> {
    authorize(actor, Permission::ManageOwnTokens)?;
    let mut tx = control.store.begin().await?;
    let absent = || Error::NotFound(id.to_string());
    let (person, revoked) = tx.lock_api_token(id).await?.ok_or_else(absent)?;
    if person != actor.id {
        // To others it does not even exist.
        authorize(actor, Permission::ManagePeople).map_err(|_| absent())?;
    }
    if revoked {
        return Err(Error::Conflict(format!("{id} was revoked before")));
    }
    tx.revoke_api_token(id).await?;
    let event = NewEvent::new(actor, AuditAction::RevokeToken, id.to_string(), control.clock.now());
    tx.append_audit(&event).await?;
    tx.commit().await?;
    Ok(())
}

/// What a request that shows a token is.
#[derive(Clone, Debug)]
pub struct Bearer {
    pub token: TokenId,
    pub actor: Actor,
}

/// Whom the secret speaks for; None for what is no token of ours, or is one no more. Which of these it was stays unsaid.
#[tracing::instrument(skip_all, err(level = "debug"))]
pub async fn authenticate_token(
    control: &Control,
    secret: &str,
    request_id: &str,
) -> Result<Option<Bearer>, Error> {
    if secret.strip_prefix(TOKEN_PREFIX).is_none_or(|rest| rest.len() != SECRET_TEXT) {
        return Ok(None);
    }
    let found = control.store.use_api_token(digest(secret)).await?;
    Ok(found.map(|bearer| Bearer {
        token: bearer.id,
        actor: Actor {
            kind: ActorKind::Person,
            id: bearer.sub,
            name: bearer.name,
            roles: bearer.roles,
            reach: Reach::Scoped(bearer.scopes),
            authn: format!("token:{}", bearer.id),
            request_id: request_id.to_owned(),
        },
    }))
}
