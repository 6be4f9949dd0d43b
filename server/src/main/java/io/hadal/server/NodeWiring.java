package io.hadal.server;

import io.hadal.chat.ServedModel;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherStats;
import io.hadal.formats.FormatException;
import io.hadal.platform.cluster.Engine;
import io.hadal.platform.cluster.Load;
import io.hadal.platform.cluster.Member;
import io.hadal.platform.cluster.Nodes;
import io.hadal.platform.node.Platform;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.server.config.EngineConfig;
import io.hadal.server.routing.EngineNode;
import io.hadal.server.routing.JobKeeping;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Makes a running server one of several nodes (platform specification, 2.17). */
public final class NodeWiring {
  private NodeWiring() {}

  /**
   * Keeps jobs in the platform's database and tells operators of keys that upstreams refuse; where
   * that is shared, finds the engine nodes in it, and offers the engine of this process to others.
   *
   * @param engine how it computes for others; null when it does not
   * @param listening address it listens at, {@code http://HOST:PORT}
   * @throws FormatException when another process has the name of this node, or this one has no
   *     engine to offer
   */
  public static void join(
      Platform platform, HadalServer server, @Nullable EngineConfig engine, String listening) {
    server.router().jobs(new JobKeeping(platform.mediaJobs(), platform.run(), platform::lives));
    server.router().alerts(new UpstreamKeyAlerts(platform.alerts(), platform.clock()));
    Nodes nodes = platform.nodes();
    if (nodes == null) {
      return;
    }
    ServedModel model = server.model();
    nodes.listener(
        members -> {
          server
              .router()
              .engines(others(members, nodes.incarnation()), platform.nodeTokens()::issue);
          if (engine != null && model != null) {
            // Versions begin to answer and end while it runs.
            nodes.offer(offered(model, engine, listening, server.versions()));
          }
          if (platform.leader()) {
            nodes.prune();
          }
        });
    server.marks(nodes::config);
    if (engine != null && model == null) {
      throw new FormatException(
          "platform.engine",
          "needs a model to compute with: not with --gateway or model.local: false");
    }
    if (engine == null || model == null) {
      nodes.join(null, () -> load(server), () -> null);
      return;
    }
    ServedPrompts prompts = new ServedPrompts();
    server.prompts(prompts);
    nodes.join(
        offered(model, engine, listening, server.versions()), () -> load(server), prompts::news);
  }

  private static List<EngineNode> others(List<Member> members, String own) {
    List<EngineNode> nodes = new ArrayList<>();
    for (Member member : members) {
      Engine engine = member.engine();
      if (engine != null && !member.incarnation().equals(own)) {
        nodes.add(new EngineNode(member.name(), engine, member.load(), member.digest()));
      }
    }
    return nodes;
  }

  private static Engine offered(
      ServedModel model, EngineConfig config, String listening, @Nullable LocalVersions versions) {
    List<String> names = new ArrayList<>();
    names.add(model.profile().name());
    names.addAll(new TreeSet<>(model.profile().aliases()));
    if (!names.contains(model.profile().version())) {
      names.add(model.profile().version());
    }
    if (versions != null) {
      // A version of the registry that happens to have such a name may be another model.
      names.removeIf(
          name -> {
            ModelVersion version = versions.local(name);
            return version != null && !versions.here(version);
          });
      versions.here().stream().filter(id -> !names.contains(id)).forEach(names::add);
    }
    return new Engine(
        config.address() == null ? listening : config.address(),
        names,
        model.profile().version(),
        model.context(),
        config.weight(),
        config.region());
  }

  private static Load load(HadalServer server) {
    Dispatcher dispatcher = server.dispatcher();
    if (dispatcher == null) {
      return new Load(0, 0, server.draining());
    }
    DispatcherStats stats = dispatcher.stats();
    int waiting = stats.waiting().values().stream().mapToInt(Integer::intValue).sum();
    return new Load(stats.running(), waiting, server.draining());
  }
}
