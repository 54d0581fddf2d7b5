// Receivers that a test can look into: webhooks and mail.
import http from 'node:http';
import net from 'node:net';
import {once} from 'node:events';

// A webhook receiver that answers its first requests with `statuses`, then 200.
export class WebhookSink {
  constructor(statuses = []) {
    this.statuses = statuses;
    this.requests = [];
    this.waiting = [];
  }
  async start() {
    this.server = http.createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        this.requests.push({headers: request.headers, method: request.method, url: request.url,
                            body: Buffer.concat(chunks).toString()});
        response.statusCode = this.statuses[this.requests.length - 1] ?? 200;
        response.end();
        for (const look of [...this.waiting]) look();
      });
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }
  async atLeast(count) {
    while (this.requests.length < count) {
      await new Promise((resolve) => this.waiting.push(resolve));
    }
    return this.requests;
  }
  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

// A mail server (RFC 5321, and AUTH PLAIN and LOGIN of RFC 4954) that keeps what
// it is given. `refuse`: so many messages are put off first.
export class MailSink {
  constructor({user, password, refuse = 0} = {}) {
    this.user = user;
    this.password = password;
    this.refuse = refuse;
    this.mails = [];
    this.waiting = [];
  }
  async start() {
    this.sockets = new Set();
    this.server = net.createServer((socket) => this.serve(socket));
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
    return this;
  }
  serve(socket) {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {});
    const say = (line) => socket.write(line + '\r\n');
    const mail = {to: []};
    let rest = '';
    let data = null;
    let login = null;
    let plain = false;
    const known = (user, password) => {
      mail.user = user;
      say(user === this.user && password === this.password ? '235 welcome' : '535 no');
    };
    const decoded = (text) => Buffer.from(text, 'base64').toString();
    const line = (text) => {
      if (data !== null) {
        if (text !== '.') { data += text.replace(/^\./, '') + '\r\n'; return; }
        if (this.refuse > 0) { this.refuse--; say('451 later'); } else {
          this.mails.push({...mail, data});
          say('250 kept');
          for (const look of [...this.waiting]) look();
        }
        data = null;
        return;
      }
      if (plain) {
        plain = false;
        return known(...decoded(text).split('\0').slice(1));
      }
      if (login) {
        login.push(decoded(text));
        if (login.length === 1) return say('334 UGFzc3dvcmQ6');
        const [user, password] = login;
        login = null;
        return known(user, password);
      }
      const [verb] = text.toUpperCase().split(' ');
      if (verb === 'EHLO') { socket.write(`250-sink\r\n${this.user ? '250-AUTH LOGIN PLAIN\r\n' : ''}250 8BITMIME\r\n`); }
      else if (verb === 'AUTH' && /^AUTH PLAIN ./i.test(text)) known(...decoded(text.slice(11)).split('\0').slice(1));
      else if (/^AUTH PLAIN$/i.test(text)) { plain = true; say('334 '); }
      else if (verb === 'AUTH') { login = []; say('334 VXNlcm5hbWU6'); }
      else if (verb === 'MAIL') { mail.from = /<(.*)>/.exec(text)[1]; say(this.user && !mail.user ? '530 who?' : '250 ok'); }
      else if (verb === 'RCPT') { mail.to.push(/<(.*)>/.exec(text)[1]); say('250 ok'); }
      else if (verb === 'DATA') { data = ''; say('354 go on'); }
      else if (verb === 'QUIT') { say('221 bye'); socket.end(); }
      else say('502 no');
    };
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString('latin1')).split('\r\n');
      rest = lines.pop();
      lines.forEach(line);
    });
    say('220 sink');
  }
  async atLeast(count) {
    while (this.mails.length < count) await new Promise((resolve) => this.waiting.push(resolve));
    return this.mails;
  }
  stop() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}
