//! The browser's passkeys: what the server asked for goes in, what the authenticator answered comes out, byte for byte.
//! Objects are built by name, because these few calls are not worth the bindings of the whole interface.

use domain::view::approval::{RegistrationAnswer, RegistrationOptions, VoteAnswer, VoteOptions};
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The browser's own dialog gives up before our challenge does.
const TIMEOUT_MS: f64 = 240_000.0;

const ABSENT: &str = "This browser, or this address, does not offer passkeys. They need https, or localhost.";

/// Asks the person to sign the challenge. An error is a sentence for them.
pub async fn get(options: &VoteOptions) -> Result<VoteAnswer, String> {
    let allowed: Array = Array::new();
    for id in &options.credential_ids {
        allowed.push(&descriptor(id));
    }
    let credential = call(
        "get",
        &[
            ("challenge", bytes(&options.challenge)),
            ("rpId", JsValue::from_str(&options.rp_id)),
            ("allowCredentials", allowed.into()),
            ("userVerification", JsValue::from_str("required")),
            ("timeout", JsValue::from_f64(TIMEOUT_MS)),
        ],
    )
    .await?;
    let response = field(&credential, "response")?;
    Ok(VoteAnswer {
        challenge: options.challenge.clone(),
        credential_id: buffer(&credential, "rawId")?,
        client_data_json: buffer(&response, "clientDataJSON")?,
        authenticator_data: buffer(&response, "authenticatorData")?,
        signature: buffer(&response, "signature")?,
    })
}

/// Asks the person's device for a new passkey. An error is a sentence for them.
pub async fn create(options: &RegistrationOptions) -> Result<RegistrationAnswer, String> {
    let algorithms: Array = Array::new();
    for number in &options.algorithms {
        algorithms.push(&object(&[
            ("type", JsValue::from_str("public-key")),
            ("alg", JsValue::from_f64(*number as f64)),
        ]));
    }
    let excluded: Array = Array::new();
    for id in &options.exclude {
        excluded.push(&descriptor(id));
    }
    let rp =
        object(&[("id", JsValue::from_str(&options.rp_id)), ("name", JsValue::from_str(&options.rp_name))]);
    let user = object(&[
        ("id", bytes(&options.user_id)),
        ("name", JsValue::from_str(&options.user_name)),
        ("displayName", JsValue::from_str(&options.user_name)),
    ]);
    let selection = object(&[
        ("residentKey", JsValue::from_str("preferred")),
        ("userVerification", JsValue::from_str("required")),
    ]);
    let credential = call(
        "create",
        &[
            ("challenge", bytes(&options.challenge)),
            ("rp", rp),
            ("user", user),
            ("pubKeyCredParams", algorithms.into()),
            ("excludeCredentials", excluded.into()),
            ("authenticatorSelection", selection),
            ("attestation", JsValue::from_str("none")),
            ("timeout", JsValue::from_f64(TIMEOUT_MS)),
        ],
    )
    .await?;
    let response = field(&credential, "response")?;
    Ok(RegistrationAnswer {
        challenge: options.challenge.clone(),
        client_data_json: buffer(&response, "clientDataJSON")?,
        attestation_object: buffer(&response, "attestationObject")?,
    })
}

/// `navigator.credentials.VERB({publicKey})`.
async fn call(verb: &str, options: &[(&str, JsValue)]) -> Result<JsValue, String> {
    let navigator = field(&js_sys::global(), "navigator")?;
    let credentials = field(&navigator, "credentials").map_err(|_| ABSENT.to_owned())?;
    let function = field(&credentials, verb)?;
    if !function.is_function() {
        return Err(ABSENT.to_owned());
    }
    let function: Function<fn(JsValue) -> JsValue> = function.unchecked_into();
    let argument = object(&[("publicKey", object(options))]);
    let answer = function.call1(&credentials, &argument).map_err(|error| said(&error))?;
    let promise: Promise = answer.unchecked_into();
    JsFuture::from(promise).await.map_err(|error| said(&error))
}

/// The browser says little, on purpose: only the error's name tells what may be wrong.
fn said(error: &JsValue) -> String {
    let name = Reflect::get(error, &JsValue::from_str("name")).ok().and_then(|name| name.as_string());
    match name.as_deref() {
        Some("NotAllowedError") => {
            "No passkey answered: it was cancelled, it took too long, or this device holds none of yours."
        }
        Some("InvalidStateError") => "This device holds a passkey of yours already.",
        Some("SecurityError") => "This address is not the one for which passkeys are set up.",
        Some("NotSupportedError") => "This device has no passkey of a kind that is taken here.",
        _ => "The browser could not ask for a passkey.",
    }
    .to_owned()
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object: Object = Object::new();
    for (name, value) in fields {
        // A plain object takes every property.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}

fn descriptor(id: &[u8]) -> JsValue {
    object(&[("type", JsValue::from_str("public-key")), ("id", bytes(id))])
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn field(of: &JsValue, name: &str) -> Result<JsValue, String> {
    match Reflect::get(of, &JsValue::from_str(name)) {
        Ok(value) if !value.is_undefined() && !value.is_null() => Ok(value),
        _ => Err("The browser's answer is not complete.".to_owned()),
    }
}

fn buffer(of: &JsValue, name: &str) -> Result<Vec<u8>, String> {
    Ok(Uint8Array::new(&field(of, name)?).to_vec())
}
