/** Which servers help to find a way. */
import type { Api } from "../realtime/index.ts";

interface IceAnswer {
  readonly iceServers: RTCIceServer[];
  readonly iceTransportPolicy: RTCIceTransportPolicy;
}

/** Ask for fresh servers; with `relayOnly` the other end never learns this one's address. */
export async function iceConfiguration(api: Pick<Api, "get">, relayOnly: boolean): Promise<RTCConfiguration> {
  const { iceServers, iceTransportPolicy } = await api.get<IceAnswer>("/v1/ice-servers");
  return {
    iceServers,
    iceTransportPolicy: relayOnly ? "relay" : iceTransportPolicy,
    bundlePolicy: "max-bundle",
    rtcpMuxPolicy: "require",
  };
}
