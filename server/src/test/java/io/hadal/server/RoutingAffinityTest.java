package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Four replicas, 100 conversations, three gateways (platform specification, test 12). */
class RoutingAffinityTest {
  private static final int SESSIONS = 100;
  private static final int TURNS = 4;

  @TempDir private Path folder = Path.of("");

  @Test
  void conversationsStayWhereTheirPromptIsCached() throws Exception {
    List<ScriptedUpstream> replicas = Stream.generate(ScriptedUpstream::new).limit(4).toList();
    StringBuilder yaml = new StringBuilder("upstreams:\n");
    for (int i = 0; i < replicas.size(); i++) {
      replicas.get(i).then(ScriptedUpstream.good());
      yaml.append(Gateway.upstream("r" + i, replicas.get(i).port(), ""));
    }
    yaml.append("routes: [{model: m, strategy: affinity, upstreams: [r0, r1, r2, r3]}]\n");
    List<Gateway> gateways = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      gateways.add(new Gateway(folder, yaml.toString()));
    }
    try {
      Map<Integer, List<String>> first = run(gateways);
      int together = 0;
      Map<String, Integer> homes = new HashMap<>();
      for (List<String> turns : first.values()) {
        String home = turns.getFirst();
        homes.merge(home, 1, Integer::sum);
        together += (int) turns.stream().filter(home::equals).count();
      }
      assertThat(together).isGreaterThanOrEqualTo(SESSIONS * TURNS * 95 / 100);
      assertThat(homes.values()).hasSize(4).allMatch(n -> n >= 10);

      replicas.get(2).close();
      Map<Integer, List<String>> second = run(gateways);
      for (Map.Entry<Integer, List<String>> session : first.entrySet()) {
        String home = session.getValue().getFirst();
        List<String> now = second.getOrDefault(session.getKey(), List.of());
        if (home.equals("r2")) {
          assertThat(now).doesNotContain("r2");
        } else {
          assertThat(now).as("session %s", session.getKey()).containsOnly(home);
        }
      }
    } finally {
      gateways.forEach(Gateway::close);
      replicas.forEach(ScriptedUpstream::close);
    }
  }

  /** Upstreams of each turn of each session; turns go to the gateways in turn. */
  private static Map<Integer, List<String>> run(List<Gateway> gateways) throws Exception {
    Map<Integer, Future<List<String>>> running = new HashMap<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
      for (int i = 0; i < SESSIONS; i++) {
        int session = i;
        running.put(i, threads.submit(() -> session(gateways, session)));
      }
      Map<Integer, List<String>> all = new HashMap<>();
      for (Map.Entry<Integer, Future<List<String>>> entry : running.entrySet()) {
        all.put(entry.getKey(), entry.getValue().get());
      }
      return all;
    }
  }

  /** Half of the sessions have a name, the others only their prompt, whose markers move. */
  private static List<String> session(List<Gateway> gateways, int session) {
    List<String> upstreams = new ArrayList<>();
    String messages = "{'role':'system','content':'The same for all.'},";
    for (int turn = 0; turn < TURNS; turn++) {
      String marker = turn == 0 ? ",'cache_control':{'type':'ephemeral'}" : "";
      String opening =
          "{'role':'user','content':[{'type':'text','text':'Question "
              + session
              + "'"
              + marker
              + "}]}";
      String body =
          "{'model':'m','stream':true,'messages':["
              + messages
              + opening
              + ",{'role':'assistant','content':'x'},{'role':'user','content':'go on'}".repeat(turn)
              + "]}";
      TestServer server = gateways.get((session + turn) % gateways.size()).server;
      HttpResponse<String> answer =
          session % 2 == 0
              ? server.post("/v1/chat/completions", body)
              : server.post("/v1/chat/completions", body, "x-session-id", "s" + session);
      assertThat(answer.statusCode()).isEqualTo(200);
      upstreams.add(answer.headers().firstValue("x-hadal-upstream").orElseThrow());
    }
    return upstreams;
  }
}
