package io.hadal.server;

import io.hadal.chat.Problem;
import io.hadal.chat.ServedModel;
import io.hadal.model.Model;
import io.hadal.platform.registry.FileHashes;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.RunningModel;
import io.hadal.platform.registry.RunningVersions;
import io.hadal.platform.registry.WeightFile;
import io.hadal.server.http.HttpProblem;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which local versions of the registry the model of this process is, and which engine nodes run.
 */
final class LocalVersions implements RunningVersions {
  private static final System.Logger LOG = System.getLogger("hadal.server");

  private final Registry registry;
  private final @Nullable ServedModel model;
  private final @Nullable RunningModel running;
  private final Function<String, List<String>> engines;

  /**
   * The versions of a registry.
   *
   * @param model the model of this process; null for none
   * @param engines names of the engine nodes that run a version
   */
  LocalVersions(
      Registry registry,
      FileHashes hashes,
      @Nullable ServedModel model,
      Function<String, List<String>> engines) {
    this.registry = registry;
    this.model = model;
    this.engines = engines;
    this.running = model == null ? null : running(model, hashes);
    if (running != null) {
      // So that the first request does not wait for what is read of the files.
      Thread.ofVirtual().name("hadal-versions").start(this::look);
    }
  }

  private void look() {
    try {
      registry.local().forEach(this::of);
    } catch (RuntimeException e) {
      LOG.log(Level.DEBUG, "versions are compared when they are asked for: " + e.getMessage());
    }
  }

  private static RunningModel running(ServedModel served, FileHashes hashes) {
    Model weights = served.dispatcher().engine().model();
    return new RunningModel(
        Model.folder(weights.path()),
        WeightFile.of(weights.store()),
        served.dialect().name(),
        hashes);
  }

  /** The version of that id if it is a local one, of any stage; null for all else. */
  @Nullable ModelVersion local(String id) {
    ModelVersion version = registry.known(id);
    return version == null || !version.manifest().isLocal() ? null : version;
  }

  /** Whether the model of this process is this version. */
  boolean here(ModelVersion version) {
    return running != null && running.differs(version.manifest()) == null;
  }

  @Override
  public State of(ModelVersion version) {
    if (!version.manifest().isLocal()) {
      return new State(null, List.of(), null);
    }
    String why =
        running == null
            ? "this process has no model of its own"
            : running.differs(version.manifest());
    return new State(why == null, engines.apply(version.id()), why);
  }

  /** Whether somebody can answer for a version: routed ones are asked. */
  boolean answerable(String id) {
    ModelVersion version = local(id);
    return version == null || of(version).anywhere();
  }

  /** Names of the versions that answer and are the model of this process. */
  List<String> here() {
    return registry.local().stream().filter(this::here).map(ModelVersion::id).toList();
  }

  /** Names of the versions that answer to requests by the registry, and run nowhere. */
  List<String> nowhere() {
    return registry.local().stream()
        .filter(version -> !of(version).anywhere())
        .map(ModelVersion::id)
        .toList();
  }

  /** What a client is told that asks for a version which runs nowhere. */
  Problem refusal(String id) {
    return HttpProblem.modelNotRunning(
        "The version '"
            + id
            + "' does not run: "
            + (model == null
                ? "this gateway has no model of its own"
                : "this process runs '" + model.profile().name() + "', which is another model")
            + ", and no engine node has it. Serve its weights here or on an engine node, or point"
            + " the name to a version that runs.");
  }
}
