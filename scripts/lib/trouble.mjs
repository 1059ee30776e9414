// What can go wrong in set-up, why, and the cure. setup.md explains each by the same title.

/** A set-up step cannot go on. `cure` says what the user can do about it. */
export class Trouble extends Error {
  /**
   * @param {string} title what is wrong, in the words that setup.md uses as a heading
   * @param {string} cure what to do
   * @param {string} [evidence] the output that shows it
   */
  constructor(title, cure, evidence = "") {
    super(title);
    this.name = "Trouble";
    this.title = title;
    this.cure = cure;
    this.evidence = evidence;
  }
}

const compilerCure = [
  "Debian, Ubuntu, WSL:  sudo apt-get install g++",
  "Fedora:               sudo dnf install gcc-c++",
  "macOS:                xcode-select --install",
  "Elsewhere: any C++17 compiler; name it with CXX=/path/to/compiler.",
].join("\n");

const pythonCure = [
  "Debian, Ubuntu, WSL:  sudo apt-get install python3 python3-venv",
  "Fedora:               sudo dnf install python3",
  "macOS:                brew install python, or the installer of python.org",
  "A Python that is not on the PATH: THAWBOOK_PYTHON=/path/to/python3",
].join("\n");

/** Troubles that a step finds by looking before it starts. */
export const troubles = {
  nodeTooOld: (/** @type {string} */ version) =>
    new Trouble(`Node ${version} is too old`, "Install Node 20.19 or newer: https://nodejs.org, or `nvm install 22`."),
  noPython: (/** @type {string} */ found) =>
    new Trouble("No Python 3.10 or newer was found", pythonCure, found),
  noVenv: (/** @type {string} */ which) =>
    new Trouble(
      "Python's venv module is missing",
      "Debian, Ubuntu, WSL:  sudo apt-get install python3-venv\nElsewhere: a Python with venv and ensurepip, named by THAWBOOK_PYTHON.",
      `${which} cannot import venv and ensurepip`,
    ),
  noCompiler: (/** @type {string} */ tried) =>
    new Trouble("No C++ compiler was found", compilerCure, `not on the PATH: ${tried}`),
  diskFull: (/** @type {string} */ evidence) =>
    new Trouble(
      "The disk is full",
      "Set-up needs 3 GB where the checkout lies. Free some and run it again: what is finished is kept.",
      evidence,
    ),
  unknownPlatform: (/** @type {string} */ platform) =>
    new Trouble(
      `There is no TensorFlow wheel for ${platform}`,
      "Thawbook runs on Linux (x64, arm64), macOS (arm64, x64) and, on Windows, in WSL 2.",
    ),
};

/** Patterns in a failed command's output, the first that matches names the trouble. */
const symptoms = [
  { pattern: /ENOSPC|No space left on device|Disk quota exceeded/, trouble: troubles.diskFull },
  {
    pattern: /CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|self[- ]signed certificate|UNABLE_TO_(GET|VERIFY)/,
    trouble: (/** @type {string} */ evidence) =>
      new Trouble(
        "A certificate was not trusted",
        "Behind a proxy that opens TLS, name its certificate: NODE_EXTRA_CA_CERTS=/path/ca.pem PIP_CERT=/path/ca.pem npm start",
        evidence,
      ),
  },
  {
    pattern: /40[17] (Unauthorized|Proxy Authentication)|\bE40[17]\b|Tunnel connection failed/,
    trouble: (/** @type {string} */ evidence) =>
      new Trouble(
        "The proxy or the registry wants a login",
        "Put it in the proxy's address (HTTPS_PROXY=http://user:password@host:port), or in npm's and pip's own settings.",
        evidence,
      ),
  },
  {
    pattern:
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|name resolution|NewConnectionError|Connection refused|Network is unreachable|Read timed out|ConnectTimeoutError|RemoteDisconnected|IncompleteRead|incomplete-download/,
    trouble: (/** @type {string} */ evidence) =>
      new Trouble(
        "The network cannot be reached",
        "Look at the connection and run it again: what is finished is kept. Proxy: HTTPS_PROXY=http://host:port. Without any network: setup.md, Offline.",
        evidence,
      ),
  },
  {
    pattern: /EACCES|EPERM|Permission denied/,
    trouble: (/** @type {string} */ evidence) =>
      new Trouble(
        "A file cannot be written",
        "Something in the checkout belongs to another user, often root after `sudo npm`: sudo chown -R $(id -un) .",
        evidence,
      ),
  },
  {
    pattern: /No matching distribution found|conflicting dependencies|Could not find a version that satisfies|ETARGET|E404/,
    trouble: (/** @type {string} */ evidence) =>
      new Trouble(
        "The package index lacks a version",
        "A company's mirror may lag behind. Use the public index for this once, or a wheelhouse: setup.md, Offline.",
        evidence,
      ),
  },
  {
    pattern: /Killed|SIGKILL|Cannot allocate memory|std::bad_alloc|MemoryError/,
    trouble: (/** @type {string} */ evidence) =>
      new Trouble("The machine ran out of memory", "Set-up needs about 2 GB free. Close something and run it again.", evidence),
  },
];

/** Every title, for the test that setup.md explains each. */
export const titles = [
  ...[troubles.nodeTooOld("…"), troubles.noPython(""), troubles.noVenv(""), troubles.noCompiler(""), troubles.unknownPlatform("…")],
  ...symptoms.map(({ trouble }) => trouble("")),
].map(({ title }) => title);

/**
 * The trouble behind a command that failed.
 * @param {string} command @param {string} output everything that it printed @param {string} log where that is kept
 */
export function diagnose(command, output, log) {
  const evidence = output.trimEnd().split("\n").slice(-12).join("\n");
  const found = symptoms.find(({ pattern }) => pattern.test(output));
  if (found) return found.trouble(evidence);
  return new Trouble(`${command} failed`, `Its last lines stand above, all of them in ${log}.`, evidence);
}

/** @param {unknown} error */
export function asTrouble(error) {
  if (error instanceof Trouble) return error;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const found = symptoms.find(({ pattern }) => pattern.test(text));
  return found ? found.trouble(text) : new Trouble("Something unexpected happened", "Please report it with these lines.", text);
}
