package io.hadal.platform.alert;

import java.util.List;

/** A way to those who are told. */
interface AlertChannel extends AutoCloseable {
  /** Name among channels, also in metrics. */
  String name();

  /** Where it leads, for administrators, without anything secret. */
  String target();

  /** Who gets alerts of a kind; each gets it by itself. */
  List<String> recipients(AlertRule rule);

  /**
   * Tells one recipient; may take half a minute.
   *
   * @throws DeliveryException when it could not be told
   * @throws InterruptedException when the thread is interrupted
   */
  void deliver(AlertDelivery delivery) throws DeliveryException, InterruptedException;

  @Override
  default void close() {}
}
