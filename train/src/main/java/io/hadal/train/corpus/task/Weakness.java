package io.hadal.train.corpus.task;

/** A kind of vulnerability. */
enum Weakness {
  PATH_TRAVERSAL(22, "path traversal", "the path may lead out of the folder"),
  COMMAND_INJECTION(78, "command injection", "input becomes part of a command line"),
  CROSS_SITE_SCRIPTING(79, "cross-site scripting", "input reaches the page without escaping"),
  SQL_INJECTION(89, "SQL injection", "a value is pasted into the statement"),
  TIMING(208, "observable timing", "the comparison ends at the first difference"),
  CERTIFICATE(295, "certificate not checked", "any certificate or host is accepted"),
  WEAK_PROTOCOL(326, "weak protocol", "this version of the protocol is broken"),
  WEAK_CIPHER(327, "weak cipher", "the algorithm or its mode is broken"),
  WEAK_HASH(328, "weak hash", "collisions of this hash can be computed"),
  PREDICTABLE(338, "predictable random numbers", "the generator can be predicted"),
  DESERIALISATION(502, "unsafe deserialisation", "any class may be instantiated"),
  EXTERNAL_ENTITY(611, "XML external entity", "the parser follows external entities"),
  SECRET(798, "hard-coded secret", "a password or key stands in the code"),
  REQUEST_FORGERY(918, "request forgery", "input decides which server is called");

  private final int cwe;
  private final String title;
  private final String reason;

  Weakness(int cwe, String title, String reason) {
    this.cwe = cwe;
    this.title = title;
    this.reason = reason;
  }

  /** The label: number and name of the weakness, and why. */
  String label() {
    return "CWE-" + cwe + " (" + title + "): " + reason + ".";
  }
}
