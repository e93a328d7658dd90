/** The agent's version, as brokers and technicians see it; a test holds it to package.json. */
export const agentVersion = '0.1.0';
