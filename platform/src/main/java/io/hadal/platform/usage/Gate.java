package io.hadal.platform.usage;

/** Lets attempts at requests begin, and sees what they take. */
public interface Gate {
  /**
   * Admits an attempt: all limits pass, and the money for its prompt and first tokens is held.
   *
   * @throws io.hadal.platform.Refusal when it may not begin; nothing is held then
   */
  Metered admit(Work work);

  /**
   * Books an attempt that is over already, such as a job that outlived the process that began it.
   * It is booked also when its budget is used up: the work is done. Durable when this returns, and
   * without effect when that attempt is booked already.
   *
   * @param start when it began, milliseconds since 1970
   */
  default void book(Work work, long start, Ending ending) {
    admit(work).end(ending);
  }
}
