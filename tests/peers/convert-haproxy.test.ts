// The real haproxy and Sluice with what convert makes of the same file, side by side: status, server, and what that saw.
import { testPeer } from "./convert.ts";

testPeer("haproxy");
