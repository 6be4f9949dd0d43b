package io.hadal.platform.probe;

/** Is told at each look how backends do. Both may be said again and again. */
@FunctionalInterface
public interface QualityListener {
  /** A backend is worse than before, or than others. */
  void worse(QualityAlert alert);

  /** A backend is not. */
  default void well(String version, String backend) {}
}
