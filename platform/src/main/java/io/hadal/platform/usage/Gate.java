package io.hadal.platform.usage;

/** Lets attempts at requests begin, and sees what they take. */
public interface Gate {
  /**
   * Admits an attempt: all limits pass, and the money for its prompt and first tokens is held.
   *
   * @throws io.hadal.platform.Refusal when it may not begin; nothing is held then
   */
  Metered admit(Work work);
}
