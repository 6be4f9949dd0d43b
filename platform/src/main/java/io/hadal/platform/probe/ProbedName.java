package io.hadal.platform.probe;

import io.hadal.formats.FormatException;
import io.hadal.platform.registry.Manifest;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Registry;
import java.io.IOException;
import java.util.function.Function;

/** By which name a server is asked for a version, so that no other one is probed in its place. */
public final class ProbedName {
  private static final int OK = 200;
  private static final int UNAVAILABLE = 503;

  private ProbedName() {}

  /**
   * The name: the version's own where the server knows it, else that of its family, which a server
   * without a registry has from {@code --name}.
   *
   * @param at the server, by the name to ask for
   * @throws FormatException when the server says that it does not run the version, or that the
   *     family's name is another one there
   * @throws InterruptedException when the thread is interrupted
   */
  public static String of(ModelVersion version, Registry registry, Function<String, ProbeTarget> at)
      throws InterruptedException {
    Manifest manifest = version.manifest();
    if (!manifest.isLocal()) {
      return manifest.upstreamModel();
    }
    try (HttpTransport pinned = new HttpTransport(at.apply(version.id()));
        HttpTransport family = new HttpTransport(at.apply(manifest.family()))) {
      ProbeClient.Reply own = new ProbeClient(pinned).model();
      if (own.status() == OK) {
        return version.id();
      }
      if (own.status() == UNAVAILABLE) {
        throw new FormatException(
            pinned.name(), "knows " + version.id() + ", and does not run it now");
      }
      String other = new ProbeClient(family).model().json().path("alias_of").asString("");
      if (!other.equals(version.id())
          && registry
              .version(other)
              .filter(v -> !v.manifest().sha256().equals(manifest.sha256()))
              .isPresent()) {
        throw new FormatException(
            family.name(),
            "is "
                + other
                + " there, and not "
                + version.id()
                + "; serve its weights without a registry, or name the model to ask for");
      }
    } catch (IOException e) {
      // The probes will say so.
      return manifest.family();
    }
    return manifest.family();
  }
}
