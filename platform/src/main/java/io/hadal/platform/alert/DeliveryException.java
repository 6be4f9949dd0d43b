package io.hadal.platform.alert;

/** An alert did not arrive. The message is a reason without content or secrets. */
final class DeliveryException extends Exception {
  private static final long serialVersionUID = 1;

  private final boolean lasting;

  /**
   * A failure.
   *
   * @param lasting whether another attempt would fail as well
   */
  DeliveryException(String reason, boolean lasting) {
    super(reason);
    this.lasting = lasting;
  }

  boolean lasting() {
    return lasting;
  }

  String reason() {
    return String.valueOf(getMessage());
  }
}
