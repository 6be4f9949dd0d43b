package io.hadal.server.routing;

/** Is told what an operator has to deal with. Texts hold no secret. */
public interface UpstreamAlerts {
  /**
   * An upstream refused a key, which is not used any more.
   *
   * @param key number of the key in the configuration, from 0
   * @param status what the upstream said: 401, or 402 when its money is used up
   */
  void keyRefused(String upstream, int key, int status);
}
