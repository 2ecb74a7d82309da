// Passkeys: what the server asks goes to the browser's own dialog, and its answer back in a plain form.

const coded = { credentials: "same-origin", method: "POST" };

async function asked(url, fields) {
  const response = await fetch(url, { ...coded, body: new URLSearchParams(fields) });
  if (response.redirected) return location.assign(response.url); // signed out meanwhile
  const options = await response.json().catch(() => ({ problem: "That did not work. Try again in a moment." }));
  if (options.problem) throw new Error(options.problem);
  return options;
}

async function add(event) {
  event.preventDefault();
  const form = event.target;
  await answered(form, async () => {
    const options = await asked("/me/passkeys/options", { password: form.elements.password.value });
    return options && navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  });
}

async function come(event) {
  event.preventDefault();
  await answered(event.target, async () => {
    const options = await asked("/login/passkey/options", {});
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  });
}

async function answered(form, ask) {
  try {
    const credential = await ask();
    if (!credential) return;
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    const given = error.name === "NotAllowedError" ? "The passkey was not used. Try again, or use your password." : error.message;
    document.getElementById("problem").textContent = error.name === "InvalidStateError" ? "This device has a passkey for you already." : given;
  }
}

document.documentElement.classList.add("js");
if ("PublicKeyCredential" in window) {
  document.getElementById("new-passkey")?.addEventListener("submit", add);
  document.getElementById("by-passkey")?.addEventListener("submit", come);
} else {
  for (const form of document.querySelectorAll("#new-passkey, #by-passkey")) form.hidden = true;
}
